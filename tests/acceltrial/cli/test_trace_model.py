"""What is imitated. The whole command is in test_trace.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.cli.trace_model import model
from acceltrial.errors import AcceltrialError, ConfigurationError, StorageError


def test_exactly_one_of_three(tmp_path: Path) -> None:
    for preset, spec in (("", None), ("poisson", tmp_path / "spec.yaml")):
        with pytest.raises(ConfigurationError, match="exactly one"):
            model(preset, None, None, spec, None, None)
    found, reference = model("poisson", None, None, None, 3.0, 60.0)
    assert (found.rate_rps, found.duration_s, reference) == (3.0, 60.0, None)


@pytest.mark.parametrize("text", ["[1, 2]", "{", "rate: 3\n", "rate_rps: -1\n"])
def test_settings_that_are_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(text)
    with pytest.raises(AcceltrialError):
        model("", None, None, path, None, None)
    with pytest.raises(StorageError):
        model("", None, None, tmp_path / "absent.yaml", None, None)
