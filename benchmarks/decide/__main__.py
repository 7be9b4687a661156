"""`python -m benchmarks.decide [PEERS_PYTHON]`: the decision's figures, beside those of installed peers.

The peers are timed on fewer draws and scaled, which is said; `benchmarks/decide/peers.sh` installs them.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from acceltrial.decide.ranking import additive_scores, rank_stability, ranks
from acceltrial.policy.judge import Judge
from acceltrial.policy.rules import load_rules

OPTIONS, CRITERIA, DRAWS = 50, 7, 10_000
PEERS = Path(".acceltrial/peers-decide/bin/python")


def main() -> None:
    rng = np.random.default_rng(0)
    utilities, weights = rng.random((OPTIONS, CRITERIA)), rng.dirichlet(np.ones(CRITERIA), DRAWS)
    ours = _median(lambda: rank_stability(utilities[None], weights), 5)
    _tell(f"{OPTIONS} × {CRITERIA} × {DRAWS:,} weight draws", f"{ours:.3f} s", "≤ 0.15 s")
    samples = np.clip(utilities + rng.normal(0, 0.05, (100, OPTIONS, CRITERIA)), 0, 1)
    whole = _median(lambda: rank_stability(samples, weights), 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    _tell(
        "the same × 100 bootstrapped measurements", f"{whole:.1f} s, {peak:.0f} MB at most", "≤ 5 s, ≤ 500 MB"
    )
    _tell("winner changed by removing a loser", f"{_reversals(rng)} of 1,000", "0")
    by_class = _placing('workload.kind == "sensor" && workload.criticality == "exploratory"', 500)
    _tell("placing 10,000 workloads × 50 × 20, rules on classes", by_class, "≤ 60 s on two cores")
    by_figure = _placing("workload.volume > 1e6", 500)
    _tell("the same, every rule on a figure of its own", by_figure, "≤ 60 s on two cores")
    interpreted = _placing('workload.kind.startsWith("s") && workload.volume >= 0.0', 20)
    _tell("the same, rules that only the library can evaluate", interpreted, "–")
    _peers(utilities, weights, rng, ours)


def _reversals(rng: np.random.Generator) -> int:
    changed = 0
    for _ in range(1000):
        utilities, weights = rng.random((10, CRITERIA)), rng.dirichlet(np.ones(CRITERIA))
        scores = additive_scores(utilities, weights)
        best = int(np.argmax(scores))
        loser = int(rng.choice([i for i in range(10) if i != best]))
        left = np.delete(np.arange(10), loser)
        changed += int(left[int(np.argmax(additive_scores(utilities[left], weights)))] != best)
    return changed


KINDS = ("chatbot", "copilot", "batch", "agent", "embedding", "sensor")
LEVELS = ("exploratory", "customer_facing", "mission_critical")
FIELDS = {"workload": frozenset({"volume", "kind", "criticality"}), "option": frozenset({"count"})}


def _placing(rule: str, workloads: int) -> str:
    """Time of 20 rules, scaled from fewer workloads, and how it grows when they are twice as many."""
    lines = [
        f"  - {{id: r{i}, severity: deny, reason: r, when: '{rule} && option.count >= {i}'}}"
        for i in range(20)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rules.yaml"
        path.write_text("version: 1\nrules:\n" + "\n".join(lines) + "\n")
        rules = load_rules(path, FIELDS)
    spent = {}
    for count in (workloads, 2 * workloads):
        judge, start = Judge(rules), time.perf_counter()
        for index in range(count):
            workload = {"volume": float(index), "kind": KINDS[index % 6], "criticality": LEVELS[index % 3]}
            for option in range(OPTIONS):
                judge.judge({"workload": workload, "option": {"count": option}})
        spent[count] = time.perf_counter() - start
    whole = spent[2 * workloads] / (2 * workloads) * 10_000
    growth = spent[2 * workloads] / spent[workloads]
    return f"{whole:.0f} s on one core (from {2 * workloads} workloads; {growth:.2f} times for twice as many)"


def _peers(utilities: Any, weights: Any, rng: np.random.Generator, ours: float) -> None:
    python = Path(sys.argv[1]) if len(sys.argv) > 1 else PEERS
    if not python.is_file():
        print(f"peers: not installed ({python}); run benchmarks/decide/peers.sh")
        return
    cases = [
        {"utilities": rng.random((10, CRITERIA)), "weights": rng.dirichlet(np.ones(CRITERIA))}
        for _ in range(1000)
    ]
    given = {"utilities": utilities, "weights": weights, "cases": cases}
    script = Path(__file__).with_name("peers.py")
    done = subprocess.run(
        [str(python), str(script)], input=json.dumps(given, default=lambda a: a.tolist()),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    for name in ("scikit-criteria", "pymcdm"):
        if name in found:
            scaled = found[name]["s"] / found[name]["draws"] * DRAWS
            print(
                f"{name}: {scaled:.1f} s (from {found[name]['draws']} draws): {scaled / ours:.0f} times ours"
            )
    if "ranks" in found:
        own = [ranks(additive_scores(case["utilities"], case["weights"])).tolist() for case in cases]
        equal = sum(a == b for a, b in zip(own, found["ranks"], strict=True))
        _tell("ranks equal to scikit-criteria's weighted sum", f"{equal} of 1,000", "all")


def _median(work: Callable[[], Any], times: int) -> float:
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def _tell(what: str, found: str, goal: str) -> None:
    print(f"{what:52} {found}   (to reach: {goal})", flush=True)


if __name__ == "__main__":
    main()
