"""What the peers need for the same matrices; run by their own Python. Prints one JSON document."""

from __future__ import annotations

import contextlib
import json
import sys
import time
import warnings

import numpy as np

warnings.simplefilter("ignore")


def main() -> None:
    """Reads {"utilities", "weights", "cases"} from stdin: one matrix to time, many to rank."""
    given = json.load(sys.stdin)
    utilities, weights = np.array(given["utilities"]), np.array(given["weights"])
    found = {}
    with contextlib.suppress(ImportError):
        found["scikit-criteria"] = _timed(_skcriteria, utilities, weights[:100])
        found["ranks"] = [
            np.asarray(_skcriteria(np.array(case["utilities"]), np.array(case["weights"]))).tolist()
            for case in given["cases"]
        ]
    with contextlib.suppress(ImportError):
        found["pymcdm"] = _timed(_pymcdm, utilities, weights[:1000])
    print(json.dumps(found))


def _timed(rank, utilities, weights):
    rank(utilities, weights[0])  # imports and first-call work are not counted
    start = time.perf_counter()
    for one in weights:
        rank(utilities, one)
    return {"draws": len(weights), "s": time.perf_counter() - start}


def _skcriteria(utilities, weights):
    import skcriteria
    from skcriteria.agg.simple import WeightedSumModel

    matrix = skcriteria.mkdm(utilities, [max] * utilities.shape[1], weights=weights)
    return WeightedSumModel().evaluate(matrix).rank_


def _pymcdm(utilities, weights):
    from pymcdm.helpers import rrankdata
    from pymcdm.methods import WSM

    return rrankdata(WSM()(utilities, weights, np.ones(utilities.shape[1])))


if __name__ == "__main__":
    main()
