from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from acceltrial.errors import ConfigurationError, GateError
from flows.commands.policy import check as check_rules

RULES = """
version: 1
rules:
  - {id: no-spot, severity: deny, when: environment.price_model == 'spot', reason: it vanishes}
  - {id: cheap, severity: prefer, when: environment.price_model == 'spot', reason: it is cheap}
tests:
  - {name: spot, given: {environment: {price_model: spot}}, applies: [no-spot, cheap]}
"""


def test_shipped_rules_pass_and_each_is_shown_to_apply(
    decided: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check_rules(workspace=decided, json=True) == 0
    found = orjson.loads(capsys.readouterr().out)
    assert found["failures"] == found["rules_without_test"] == []
    assert found["tests"] >= 10


def test_conflicts_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(RULES)
    assert check_rules(path) == 0
    assert "cheap would have it, no-spot forbids it" in capsys.readouterr().out


def test_a_failing_or_missing_test_fails_the_command(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(RULES.replace("applies: [no-spot, cheap]", "applies: [no-spot]"))
    with pytest.raises(GateError, match="1 tests fail, 1 rules"):
        check_rules(path)
    path.write_text(
        RULES.replace("environment.price_model == 'spot', reason: it is", "nonsense.x, reason: it is")
    )
    with pytest.raises(ConfigurationError, match="unknown name"):
        check_rules(path)
