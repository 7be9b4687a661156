"""Shares counted from the catalogue's matrices: what no source speaks of stays a range."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.catalog.parity import Feature
from acceltrial.catalog.software import Share, Software, read_software
from acceltrial.errors import DataContractError

FEATURES = [
    Feature("drafts", "x", ("dense_llm",), ("drafts",)),
    Feature("pages", "x", ("dense_llm",), ("pages",)),
    Feature("adapters", "x", ("dense_llm",), ("adapters",)),
    Feature("FP8", "x", ("dense_llm",), ("fp8",)),
]
HARDWARE = [("New", "a-new"), ("Old", "a-old*"), ("Other", "b-*")]
CATALOGUE = Path("data/catalogue")


def row(hardware: str, feature: str, state: str, runtime: str = "r") -> dict[str, str]:
    return {"runtime": runtime, "hardware": hardware, "feature": feature, "state": state, "source": "s",
            "as_of": "2026-08", "note": ""}  # fmt: skip


def software(*rows: dict[str, str], releases: tuple[dict[str, object], ...] = ()) -> Software:
    return Software(FEATURES, {"fp8": ["FP8"]}, rows, HARDWARE, releases)


def release(family: str, released: str, count: int | None) -> dict[str, object]:
    return {"family": family, "component": "kit", "latest": "1", "released": released,
            "releases_in_year": count, "as_of": "2026-11"}  # fmt: skip


def test_an_unlisted_feature_opens_the_range_and_an_unsupported_one_does_not() -> None:
    found = software(row("New", "drafts", "documented"), row("New", "pages", "unsupported"))
    share = found.features_of("dense_llm", ["a-new"])
    assert (share.low, share.high) == pytest.approx((1 / 3, 2 / 3))
    assert "1 of 3 documented and 1 unsupported by r on New" in share.told


def test_the_best_runtime_counts_and_formats_are_counted_apart() -> None:
    found = software(
        row("Old", "drafts", "unsupported"), row("Old", "drafts", "documented", "s"),
        row("Old", "fp8", "documented"),
    )  # fmt: skip
    assert found.features_of("dense_llm", ["a-old-card"]).low == pytest.approx(1 / 3)
    assert found.formats_of("dense_llm", ["a-old-card"]).low == 1


def test_hardware_or_models_that_no_matrix_lists_are_unknown() -> None:
    found = software(row("New", "drafts", "documented"))
    assert found.features_of("dense_llm", ["c"])[:2] == (0.0, 1.0)
    assert found.tested_of(["c"])[:2] == (0.0, 1.0)
    assert found.cadence_of(["c"])[:2] == (0.0, 1.0)
    assert not found.matters("spiking")
    assert Software().features_of("dense_llm", ["a-new"])[:2] == (0.0, 1.0)


def test_the_untested_share_counts_every_listed_feature() -> None:
    found = software(*(row("New", name, "unknown") for name in "ab"), row("New", "c", "documented"),
                     row("New", "d", "unsupported"))  # fmt: skip
    assert found.tested_of(["a-new"]).low == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("released", "count", "expected"),
    [
        ("2026-10", 2, (0.5, 0.5)),
        ("2026-10", 40, (1.0, 1.0)),
        ("2026-10-19", None, (0.25, 1.0)),
        ("2024-08", None, (0.0, 0.0)),
        ("2024", None, (0.0, 0.0)),
    ],
)
def test_releases_of_the_year(released: str, count: int | None, expected: tuple[float, float]) -> None:
    found = software(releases=(release("a-*", released, count),))
    assert found.cadence_of(["a-new"])[:2] == expected


def test_a_familys_own_release_row_goes_before_a_pattern() -> None:
    found = software(releases=(release("a-*", "2026-10", 9), release("a-old", "2023-01", None)))
    assert found.cadence_of(["a-old"]).high == 0
    assert found.cadence_of(["a-new"]).low == 1


def test_vendors_that_take_a_format() -> None:
    devices = [{"vendor": "A", "family": "a-new"}, {"vendor": "B", "family": "b-1"}]
    found = software(row("New", "fp8", "documented"), row("Other", "fp8", "unsupported"))
    assert found.vendors_of("fp8", devices) == ["A"]
    assert found.vendors_of("int4", devices) is None


def test_the_shipped_tables_agree_with_each_other() -> None:
    found = read_software(CATALOGUE)
    listed = {(row["hardware"]) for row in found.runtimes}
    named = {name for name, _ in found.hardware}
    assert named <= listed
    assert listed - named <= {"AMD GPU", "x86 CPU"}
    hopper = found.features_of("dense_llm", ["nvidia-hopper"])
    assert 0 < hopper.low <= hopper.high <= 1
    assert found.cadence_of(["nvidia-hopper"]).low == 1
    assert found.cadence_of(["nvidia-volta"]).high == 0
    assert 0 < found.tested_of(["google-tpu-v6"]).low < 1


def test_wrong_tables_are_refused_with_row_and_column(tmp_path: Path) -> None:
    assert read_software(tmp_path).features_of("dense_llm", ["x"]) == Share(
        0.0, 1.0, "no matrix lists the hardware"
    )
    (tmp_path / "formats.csv").write_text("precision,feature\nfp8,no such\n")
    with pytest.raises(DataContractError, match="no such") as caught:
        read_software(tmp_path)
    assert "row 2, column feature" in str(caught.value)
    (tmp_path / "formats.csv").unlink()
    header = "family,component,latest,released,releases_in_year,source,as_of,confidence\n"
    (tmp_path / "releases.csv").write_text(header + "x,kit,1,2026-10,-1,s,2026-11,v\n")
    with pytest.raises(DataContractError, match="column releases_in_year"):
        read_software(tmp_path)
