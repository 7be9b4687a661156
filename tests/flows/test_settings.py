from __future__ import annotations

import os
from pathlib import Path

import pytest

from flows.settings import prepare_environment


def test_what_the_user_has_set_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PREFECT_HOME", "/elsewhere")
    monkeypatch.setenv("PREFECT_LOGGING_LEVEL", "DEBUG")
    prepare_environment(tmp_path)
    assert os.environ["PREFECT_HOME"] == "/elsewhere"
    assert os.environ["PREFECT_LOGGING_LEVEL"] == "DEBUG"
    assert os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
