"""Suppositions in, the changed decisions out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from acceltrial.catalog.software import Software, read_software
from acceltrial.decide.supposition import parse
from stages.score.params import ScoreParams
from stages.score.support import load_support
from stages.score.whatif.comparing import compared, totals
from stages.score.whatif.keys import FLOOR, Tables, known_keys, refuse_impossible
from stages.score.whatif.scoring import Ground, require_same_evaluation, scored
from stages.score.whatif.touching import Pair, pairs_touched, touched_by

INPUTS = (
    "workloads", "classes", "profiles", "candidates", "accelerators", "prices", "targets", "measurements",
    "benchmark_cells",
)  # fmt: skip
OUTPUTS = ("ranking", "decisions", "costs")


def decide_again(
    tables: Tables,
    params: ScoreParams,
    portfolio: Path,
    today: date,
    given: Sequence[str],
    catalogue: Path | None = None,
) -> dict[str, Any]:
    """What changes, as the JSON of `acceltrial whatif --json`.

    Args:
        tables: those of INPUTS and OUTPUTS, of one evaluation.
        params: the score section of params.yaml.
        portfolio: folder that may hold policy.yaml.
        today: the day of the evaluation.
        given: texts such as `price.h100-sxm=2.1`.
        catalogue: folder with what is known of runtimes and support; None knows nothing.

    Raises:
        ConfigurationError: a supposition is wrong.
        DataContractError: the tables are not those of one evaluation with these parameters.
    """
    keys = known_keys(tables, params)
    free = {key for key in keys if key.startswith(("power.usd", "cost.")) or key.endswith(FLOOR)}
    supposed = parse(given, keys, zero_allowed=free)
    refuse_impossible(supposed)
    touched = touched_by(tables, params, supposed)
    pairs = pairs_touched(tables, touched)
    software = Software() if catalogue is None else read_software(catalogue)
    ground = Ground(portfolio, today, software, [] if catalogue is None else load_support(catalogue))
    before = scored(tables, params, ground, _leading(tables, pairs))
    require_same_evaluation(tables, before)
    after = scored(touched.tables, touched.params, ground, pairs, touched.options)
    rows = [compared(tables, name, before, after) for name in sorted({workload for workload, _ in pairs})]
    return {
        "supposed": [{"key": s.key, "amount": s.text, "unit": keys[s.key]} for s in supposed],
        "options_computed_again": len(pairs),
        "winners_changed": [row["workload"] for row in rows if row["winner_changed"]],
        "portfolio_usd_per_month": totals(tables, rows),
        "workloads": rows,
        "kept_as_today": "latency per replica, classes, rules, and every option that no supposition touches",
    }


def _leading(tables: Tables, pairs: Sequence[Pair]) -> list[Pair]:
    """Those of the pairs that rank first to third today: enough to tell whether the tables still hold."""
    top = tables["ranking"].filter(pl.col("rank") <= 3).select("workload", "option").rows()
    return sorted({(row[0], row[1]) for row in top} & set(pairs))
