from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from acceltrial.errors import ConfigurationError
from stages.contract import Outputs
from tests.stages.score.conftest import Rows

TEXT = """overrides:
  - {criterion: lock_in_risk, accelerator: gpu-b, value: 0.125, by: Ada, reason: second source,
     expires: EXPIRES}
"""


def value(out: Outputs) -> tuple[float, str]:
    rows = out["scores"].to_dicts()  # type: ignore[union-attr]
    row = next(
        r
        for r in rows
        if (r["workload"], r["option"], r["criterion"]) == ("chat", "gpu-b-x1-bf16", "lock_in_risk")
    )
    return row["value"], row["evidence"]


def declare(tmp_path: Path, text: str) -> None:
    (tmp_path / "data/portfolio").mkdir(parents=True, exist_ok=True)
    (tmp_path / "data/portfolio/overrides.yaml").write_text(text)


def test_an_override_counts_with_its_name_and_reason_and_changes_what_is_signed(
    score: Callable[..., Outputs], rows: Rows, tmp_path: Path
) -> None:
    before = score(rows)
    declare(tmp_path, TEXT.replace("EXPIRES", "2030-01-01"))
    after = score(rows)
    assert value(after)[0] == 0.125
    assert "set by Ada until 2030-01-01: second source" in value(after)[1]
    digests = [set(out["sign_offs"]["digest"].to_list()) for out in (before, after)]  # type: ignore[union-attr, index]
    assert digests[0] != digests[1]


def test_an_expired_override_is_ignored_and_told(
    score: Callable[..., Outputs], rows: Rows, tmp_path: Path
) -> None:
    before = score(rows)
    declare(tmp_path, TEXT.replace("EXPIRES", "2020-01-01"))
    after = score(rows)
    assert value(after) == value(before)
    found = {(r["subject"], r["finding"]) for r in after["score_findings"].to_dicts()}  # type: ignore[union-attr]
    assert ("gpu-b", "expired override") in found


def test_an_override_that_fits_nothing_is_told(
    score: Callable[..., Outputs], rows: Rows, tmp_path: Path
) -> None:
    declare(
        tmp_path, TEXT.replace("EXPIRES", "2030-01-01").replace("accelerator: gpu-b", "accelerator: nobody")
    )
    found = score(rows)["score_findings"]["finding"].to_list()  # type: ignore[union-attr, index]
    assert "idle override" in found


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("lock_in_risk", "latency", "criterion"),
        ("by: Ada, ", "", "by"),
        ("EXPIRES", "soon", "day such as"),
        ("value: 0.125", "value: -1", "value"),
        ("accelerator: gpu-b, ", "", "an option or an accelerator"),
        ("value: 0.125", "value: 0.125, low: 0.5", "low ≤ value"),
    ],
)
def test_wrong_overrides_are_refused_with_their_place(
    score: Callable[..., Outputs], rows: Rows, tmp_path: Path, old: str, new: str, said: str
) -> None:
    declare(tmp_path, TEXT.replace(old, new).replace("EXPIRES", "2030-01-01"))
    with pytest.raises(ConfigurationError, match=said) as caught:
        score(rows)
    assert caught.value.where.startswith("overrides.yaml")
