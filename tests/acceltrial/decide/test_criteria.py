from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.decide.criteria import load_criteria
from acceltrial.errors import ConfigurationError, StorageError

GOOD = """
criteria:
  cost: {direction: min, bounds: [0, 10], veto: "value > 9.0 && cost > 1.0"}
  speed: {direction: max, bounds: [1, 100], scale: log}
roles:
  boss: {weights: {cost: 0.4, speed: 0.6}}
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    return path


def test_a_good_file_is_read(tmp_path: Path) -> None:
    found = load_criteria(write(tmp_path, GOOD))
    assert found.names == ["cost", "speed"]
    assert found.roles["boss"].tolist() == [0.4, 0.6]
    assert list(found.vetoes) == ["cost"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (", bounds: [0, 10]", "", "criteria.cost.bounds"),
        ("bounds: [0, 10]", "bounds: [10, 0]", "not finite and rising"),
        ("bounds: [0, 10]", "bounds: [0, .nan]", "not finite and rising"),
        ("bounds: [0, 10]", "bounds: [-1.7e+308, 1.7e+308]", "not finite and rising"),
        ("bounds: [0, 10]", "bounds: [false, 10]", "criteria.cost.bounds"),
        ("cost: 0.4,", "cost: '0.4',", "roles.boss.weights.cost"),
        ("boss:", '"bo\\x1bss":', "printable"),
        ("bounds: [1, 100]", "bounds: [0, 100]", "log scale"),
        ("direction: min", "direction: down", "criteria.cost.direction"),
        ("speed: 0.6}", "speed: 0.7}", "sum to 1.1"),
        ("cost: 0.4, ", "", "no weight for"),
        ("value > 9.0", "value >", "does not parse"),
        ("value > 9.0", "colour > 9.0", "unknown name 'colour'"),
        ("direction: min", "direction: min, weight: 3", "criteria.cost.weight"),
        ("\nroles:", "\nroles: {}\nx:", "roles"),
        ("criteria:", "criteria: [", "not valid YAML"),
        ("\n  boss", "\n\tboss", "a tab"),
        ("cost: 0.4,", "cost: 0.4, cost: 0.4,", "given twice"),
    ],
)
def test_bad_files_say_where(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigurationError) as caught:
        load_criteria(write(tmp_path, GOOD.replace(old, new)))
    assert told in str(caught.value)
    assert "c.yaml" in str(caught.value)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        load_criteria(tmp_path / "none.yaml")
