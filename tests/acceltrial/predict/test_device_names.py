"""Counts, slices and instance types in a device's name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.predict.device_names import InstanceTypes, spellings

NONE = InstanceTypes({})


@given(st.text(max_size=60))
def test_any_text_is_taken_as_it_stands_unless_it_is_a_slice(name: str) -> None:
    read = list(spellings(name, NONE))
    assert (name, None) in {(one.name, one.count) for one in read[:2]}
    assert all(one.count is None or one.count >= 0 for one in read)


@given(st.sampled_from(["H100", "MI300X", "A10G", "RTX 4090"]), st.integers(1, 999))
def test_a_count_is_read_on_either_side(name: str, count: int) -> None:
    for written in (f"{count}x{name}", f"{count} × {name}", f"{name} x{count}", f"{name}:{count}"):
        assert (name, count) in {(one.name, one.count) for one in spellings(written, NONE)}


@pytest.mark.parametrize(
    ("written", "chips"), [("v4-8", 4), ("TPU v5p-16", 8), ("v6e-8", 8), ("tpu-v3-64", 32)]
)
def test_a_slice_counts_cores_where_chips_have_two(written: str, chips: int) -> None:
    assert next(spellings(written, NONE)).count == chips


def test_an_instance_counts_its_devices_but_may_be_used_in_part(tmp_path: Path) -> None:
    assert InstanceTypes.of_catalogue(tmp_path).find("p5.48xlarge") is None
    found = InstanceTypes({"p5.48xlarge": ("h100-sxm", 8)}).find(" P5.48xlarge ")
    assert found is not None
    assert (found.name, found.count, found.binding) == ("h100-sxm", 8, False)
