from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.errors import ConfigurationError, StorageError
from acceltrial.policy.rules import load_rules

FIELDS = {"w": frozenset({"a"})}
GOOD = """
version: 3
rules:
  - {id: r-1, severity: deny, when: w.a == 'x', reason: because}
tests:
  - {name: t, given: {w: {a: x}}, applies: [r-1]}
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    return path


def test_a_good_file(tmp_path: Path) -> None:
    rules = load_rules(write(tmp_path, GOOD), FIELDS)
    assert (rules.version, rules.rules[0].id, len(rules.cases)) == (3, "r-1", 1)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("severity: deny", "severity: forbid", "rule 'r-1'"),
        ("reason: because", "reason: ''", "rule 'r-1'"),
        (", reason: because", ", reason: b, weight: 3", "rule 'r-1'"),
        ("w.a == 'x'", "w.b == 'x'", "rule 'r-1'"),
        ("w.a == 'x'", "w.a ==", "rule 'r-1'"),
        ("id: r-1", "id: '<b>'", "is no rule id"),
        ("tests:", "  - {id: r-1, severity: deny, when: w.a == 'y', reason: z}\ntests:", "used twice"),
        ("applies: [r-1]", "applies: [r-2]", "unknown rules"),
        ("given: {w: {a: x}}", "given: {w: {b: x}}", "unknown fields"),
        ("version: 3", "version: 0", "version"),
        ("version: 3", "version: [", "not valid YAML"),
        ("rules:", "rulez:", "rules"),
    ],
)
def test_bad_files_name_file_and_rule(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigurationError) as caught:
        load_rules(write(tmp_path, GOOD.replace(old, new, 1)), FIELDS)
    assert told in str(caught.value)
    assert "policy.yaml" in str(caught.value)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        load_rules(tmp_path / "none.yaml", FIELDS)
