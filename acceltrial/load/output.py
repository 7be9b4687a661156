"""The files of a run: records, schedule, summary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import polars as pl

from acceltrial.load.charts import latency_chart, timeline_chart
from acceltrial.load.plan import LoadPlan, LoadResult
from acceltrial.load.prompts import prompt_text
from acceltrial.load.schedule import Schedule
from acceltrial.storage.atomic import write_bytes, write_text
from acceltrial.storage.tables import write_table


def write(plan: LoadPlan, result: LoadResult) -> None:
    """Writes records, schedule, charts and summary.json into `out_dir`. Raises StorageError."""
    assert plan.out_dir is not None
    told = {"format": result.summary["format"], "valid": result.valid, "arrivals": plan.schedule.arrivals}
    write_table(plan.out_dir / "requests.parquet", result.records, told)
    write_table(plan.out_dir / "schedule.parquet", schedule_table(plan.schedule), _told(plan.schedule))
    write_text(plan.out_dir / "latency.svg", latency_chart(result.records))
    write_text(plan.out_dir / "timeline.svg", timeline_chart(result.records))
    # Last: where the summary is, the run is whole.
    write_json(plan.out_dir / "summary.json", result.summary)


def schedule_table(schedule: Schedule) -> pl.DataFrame:
    """The schedule as a table, one row a request; prompts given by the caller are in it."""
    count = len(schedule)
    columns: dict[str, Any] = {
        "index": range(count),
        "intended_s": schedule.intended_s,
        "input_tokens": schedule.input_tokens,
        "output_tokens": schedule.output_tokens,
    }
    for name in ("session", "turn", "prefix_tokens", "after", "think_s"):
        values = getattr(schedule, name)
        if values is not None:
            columns[name] = values
    if schedule.prompts is not None:
        columns["prompt"] = [prompt_text(prompt) for prompt in schedule.prompts]
    return pl.DataFrame(columns)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Writes indented JSON, atomically. Raises StorageError."""
    write_bytes(path, orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY) + b"\n")


def _told(schedule: Schedule) -> dict[str, Any]:
    return {
        "arrivals": schedule.arrivals,
        "seed": schedule.seed,
        "concurrency": schedule.concurrency,
        "asked_rps": schedule.asked_rps,
        "stop_after_s": schedule.stop_after_s,
    }
