from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from stages.score.params import ScoreParams


def test_the_section_of_the_checkout_is_valid(checkout: Path) -> None:
    section = yaml.safe_load((checkout / "params.yaml").read_text())["score"] or {}
    assert ScoreParams(**section).seed == section.get("seed", ScoreParams().seed)


def test_part_of_a_table_replaces_part_of_the_defaults() -> None:
    params = ScoreParams(
        headroom={"exploratory": 0.5}, bounds={"power": {"low": 1, "high": 9, "scale": "log"}}
    )
    assert params.headroom["mission_critical"] == ScoreParams().headroom["mission_critical"]
    assert params.headroom["exploratory"] == 0.5
    assert params.bounds["power"].high == 9
    assert params.bounds["latency"] == ScoreParams().bounds["latency"]


def test_lines_are_replaced_whole_and_cannot_take_a_computed_name() -> None:
    assert ScoreParams(cost_lines={}).cost_lines == {}
    line = {"basis": "gb_out", "value": 1, "low": 1, "high": 1, "source": "s", "as_of": "2026-01-01"}
    with pytest.raises(ValueError, match="taken"):
        ScoreParams.model_validate({"cost_lines": {"power": line}})


def test_an_hour_of_people_is_never_free() -> None:
    free = {"value": 0, "low": 0, "high": 1, "source": "s", "as_of": "2026-01-01"}
    with pytest.raises(ValueError, match="usd_per_engineer_hour"):
        ScoreParams.model_validate({"usd_per_engineer_hour": free})
