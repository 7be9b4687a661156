from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from acceltrial.errors import DataContractError, StorageError
from acceltrial.traces import generate, generator_spec, trace_stats
from stages.classify.traffic import traffic_by_workload


def _write(path: Path, *parts: tuple[str, pl.DataFrame], group: int = 100) -> Path:
    frames = [
        frame.with_columns(pl.lit(name).alias("workload"), pl.int_range(frame.height).alias("index"))
        for name, frame in parts
    ]
    pl.concat(frames).write_parquet(path, row_group_size=group)
    return path


def test_each_workload_gets_the_statistics_of_its_own_rows(tmp_path: Path) -> None:
    frames = {n: generate(generator_spec({"preset": "azure_conversation", "duration_s": 120}), i)
              for i, n in enumerate(("a", "b", "c"))}  # fmt: skip
    found = traffic_by_workload(_write(tmp_path / "r.parquet", *frames.items()))
    for name, frame in frames.items():
        alone = trace_stats([frame])
        assert found[name].rows == alone.rows
        assert found[name].idc_10s == pytest.approx(alone.idc_10s)
        assert found[name].input_tokens == alone.input_tokens


def test_disorder_damage_and_absence_are_told(tmp_path: Path) -> None:
    frame = generate(generator_spec({"preset": "poisson", "duration_s": 60}), 0)
    with pytest.raises(DataContractError, match="not all together"):
        traffic_by_workload(_write(tmp_path / "1", ("a", frame), ("b", frame), ("a", frame)))
    with pytest.raises(DataContractError, match="back in time"):
        traffic_by_workload(_write(tmp_path / "2", ("a", frame.reverse())))
    (tmp_path / "3").write_bytes(b"PAR1nonsense")
    with pytest.raises(DataContractError, match="damaged"):
        traffic_by_workload(tmp_path / "3")
    with pytest.raises(StorageError, match="missing"):
        traffic_by_workload(tmp_path / "absent")
