"""How long a server takes to become useful: from cold and warm storage, alone and as a second replica."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from acceltrial.errors import TargetUnavailableError
from acceltrial.targets import RunningServer, Startup, TargetSpec, serve
from acceltrial.targets.registry import adapter
from acceltrial.telemetry.page_cache import drop, files_under, resident_share
from stages.benchmark.rows import Row, RowMaker

Facts = Mapping[str, Any]
METRICS = ("process_start_s", "model_load_s", "first_request_s")
COLD_SHARE = 0.1
"""Storage counts as cold when no more than this share of the weights was in memory."""


def chill(target: TargetSpec, cache: Path) -> str:
    """Takes the target's weights out of the page cache. Why that was not possible, or an empty text.

    Raises:
        TargetUnavailableError: the target's weights are not there.
    """
    places = getattr(adapter(target.kind), "weight_files", None)
    if places is None:
        return "the kind of target does not say which files hold its weights"
    files = files_under(places(target, cache))
    drop(files)
    left = resident_share(files)
    if left is None:
        return "the system does not tell what its page cache holds"
    if left > COLD_SHARE:
        return f"{left:.0%} of the weights stayed in memory: another process has them open"
    return ""


def startup_facts(startup: Startup, *, storage: str, why_not_cold: str = "") -> dict[str, Any]:
    """JSON-able: the times of one start; `storage` is `cold` or `warm`."""
    return {
        "process_start_s": startup.process_start_s,
        "model_load_s": startup.model_load_s,
        "first_request_s": startup.first_request_s,
        "reason": startup.reason,
        "storage": storage,
        "why_not_cold": why_not_cold,
    }


def scale_out(target: TargetSpec, first: RunningServer, *, workdir: Path, cache: Path) -> dict[str, Any]:
    """Starts a second replica beside the first, and times it until its first good answer.

    The first replica is idle meanwhile: what a busy one loses to the start is not part of the figure.
    """
    if first.pid is None:
        return {"reason": "the target runs elsewhere and offers no way to start another replica"}
    workdir.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    try:
        with serve(target, workdir=workdir, cache=cache) as second:
            took = time.monotonic() - begun
            return {"scale_out_s": took, **startup_facts(second.startup, storage="warm")}
    except TargetUnavailableError as error:
        return {"reason": f"the second replica did not start: {error}"}


def startup_rows(starts: Iterable[Facts], maker: RowMaker) -> list[Row]:
    """Start-up times of one option from all its starts in this run, cold and warm storage apart."""
    found = list(starts)
    rows = [_median(maker, metric, metric, found, _why(found)) for metric in METRICS]
    cold = [one for one in found if one.get("storage") == "cold"]
    warm = [one for one in found if one.get("storage") == "warm"]
    why_cold = next((one["why_not_cold"] for one in found if one.get("why_not_cold")), "")
    unseen = _why(found) if not any(one["model_load_s"] is not None for one in found) else ""
    return [
        *rows,
        _median(
            maker,
            "model_load_cold_s",
            "model_load_s",
            cold,
            unseen or why_cold or "no start had its storage made cold",
        ),
        _median(
            maker,
            "model_load_warm_s",
            "model_load_s",
            warm,
            unseen or "no start is known to have had warm storage",
        ),
    ]


def scale_out_row(maker: RowMaker, replicas: Sequence[Facts]) -> Row:
    """Time until a further replica of the option gave its first good answer."""
    times = [one["scale_out_s"] for one in replicas if one.get("scale_out_s") is not None]
    reason = next((one["reason"] for one in replicas if one.get("reason")), "no second replica was started")
    if not times:
        return maker.row("scale_out_s", "p50", None, reason=reason)
    return maker.row(
        "scale_out_s",
        "p50",
        float(np.median(times)),
        n=len(times),
        reason="one start: no interval",
        source="a second replica beside the idle first one, storage warm, until its first good answer",
    )


def _why(starts: Sequence[Facts]) -> str:
    return next((one["reason"] for one in starts if one.get("reason")), "the server was not started so here")


def _median(maker: RowMaker, metric: str, key: str, starts: Sequence[Facts], absent: str) -> Row:
    values = [one[key] for one in starts if one.get(key) is not None]
    if not values:
        return maker.row(metric, "p50", None, reason=absent)
    interval = [min(values), max(values)] if len(values) > 1 else None
    # P(all n on one side of the median) = 2 · ½ⁿ (order statistics, whatever the distribution).
    level = 1 - 2 * 0.5 ** len(values)
    return maker.row(
        metric,
        "p50",
        float(np.median(values)),
        n=len(values),
        interval=interval,
        level=level if interval else None,
        method="range of the starts (order statistics)" if interval else None,
        reason="" if interval else "one start: no interval",
        source=f"{len(values)} starts in this run",
    )
