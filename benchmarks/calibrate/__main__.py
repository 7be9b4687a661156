"""One calibration run on a local server, then a replay that was never used, simulated before and after.

    python -m benchmarks.calibrate [--targets local-llamacpp-q4 local-torch-fp32] [--threads N]
        [--rate RPS] [--seconds S] [--mix mixed|bursts|long-prompts|long-answers] [--out FILE]

"Before" is the step-time model on this machine's measured peak, as the benchmark stage predicts local
targets; "after" is the same simulator with the figures of the calibration run. The replay's lengths are
lognormal, arrivals come in bursts (gamma); neither resembles the calibration run. Intervals of what was
measured are bootstrapped.
The CPU that other programs took in each run is told: on a machine that is not quiet the errors say little.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psutil
import yaml

from acceltrial.catalog import load_catalogue
from acceltrial.load import LoadPlan, LoadResult, Schedule, run_load
from acceltrial.predict.case import ServingCase
from acceltrial.predict.parameters import load_parameters
from acceltrial.predict.shape import ModelShape
from acceltrial.simulate import Load, Server, StepTimes, simulate
from acceltrial.simulate.calibration import calibrate
from acceltrial.simulate.fitted import step_times
from acceltrial.simulate.observation import Phase, phase_of
from acceltrial.simulate.probe import Probe, probe
from acceltrial.targets import RunningServer, TargetSpec, serve
from acceltrial.targets.peak import measure_peak
from stages.benchmark.local_predictions import device_of

ROOT = Path(__file__).resolve().parents[2]
GOAL = {"p50": 0.15, "p95": 0.20}


class Mix(NamedTuple):
    """Variation of the times between arrivals; of both lengths (mean of the logarithm, deviation, most)."""

    variation: float
    inputs: tuple[float, float, int]
    outputs: tuple[float, float, int]


MIXES = {
    "mixed": Mix(1.5, (4.3, 0.6, 256), (3.0, 0.6, 64)),
    "bursts": Mix(3.0, (4.3, 0.6, 256), (3.0, 0.6, 64)),
    "long-prompts": Mix(1.0, (5.1, 0.3, 256), (1.6, 0.5, 16)),
    "long-answers": Mix(1.0, (3.0, 0.5, 64), (3.9, 0.4, 96)),
}


def main() -> None:
    """Measures, prints, and writes JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", nargs="+", default=["local-llamacpp-q4", "local-torch-fp32"])
    parser.add_argument("--threads", type=int, default=None, help="of the server; default all")
    parser.add_argument("--rate", type=float, default=0.6)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument(
        "--mix", choices=list(MIXES), default="mixed", help="lengths and bursts of the replay"
    )
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [row for name in options.targets for row in held(name, options, Path(folder))]
    for row in rows:
        print(
            f"{row['target']:<20} {row['when']:<7} {row['metric']:<5} {row['percentile']}"
            f" simulated {row['simulated_ms']:>8.0f} ms, measured {row['measured_ms']:>8.0f}"
            f" ({row['low_ms']:.0f} to {row['high_ms']:.0f}) ms, error {row['error']:>+6.0%}"
            f"  n {row['n']}, others used {row['others']:.2f} cores"
        )
    if options.out:
        options.out.write_text(json.dumps(rows, indent=1) + "\n")


def held(name: str, options: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """The errors of one target before and after its calibration."""
    spec = target(name, options.threads)
    before = spec_sheet(spec, folder)
    with serve(spec, workdir=folder, cache=ROOT / ".acceltrial" / "cache") as server:

        def run(schedule: Schedule) -> LoadResult:
            return send(server, schedule)

        fitted = calibrate(probe(run, Probe(longest_input=192, longest_output=32)))
        with Others(server.pid) as others:
            seen = phase_of(run(replay(options.rate, options.seconds, MIXES[options.mix])).records, name)
    load = Load.of(seen.sent_s, seen.inputs, seen.outputs)
    rows = []
    for when, steps, machine in (
        ("before", before, Server(cache_tokens=1 << 20, prefix_cache=False)),
        ("after", fitted.steps, fitted.server()),
    ):
        found = simulate(load, steps, machine).requests
        rows += compared(name, when, found, seen, others.cores)
    return rows


def target(name: str, threads: int | None) -> TargetSpec:
    """The portfolio's target of that name."""
    known = yaml.safe_load((ROOT / "data" / "portfolio" / "targets.yaml").read_text(encoding="utf-8"))
    row = next(one for one in known["targets"] if one["id"] == name)
    plain = {key: row[key] for key in ("kind", "title", "device", "model", "precision", "api")}
    return TargetSpec(target=name, **plain, launch={"threads": threads} if threads else {})


def spec_sheet(spec: TargetSpec, folder: Path) -> StepTimes:
    """Step times from the machine's measured peak, with the fitted model of all accelerators."""
    peak = measure_peak(folder / "peak", budget_s=0.5)
    facts = {
        "device": spec.device,
        "gemm_tflops": {name: max(rates) / 1e12 for name, rates in peak.gemm_flops_per_s.items()},
        "memory_read_gb_s": max(peak.read_bytes_per_s) / 1e9,
        "memory_gb": psutil.virtual_memory().total / 1e9,
    }
    shape = ModelShape.from_row(load_catalogue(ROOT / "data" / "catalogue").model(spec.model))
    case = ServingCase(
        device_of(facts, spec.precision),
        shape,
        1,
        spec.precision,
        spec.precision,
        "closed_loop",
        96.0,
        24.0,
        4.0,
    )
    return step_times(case, load_parameters())


def send(server: RunningServer, schedule: Schedule) -> LoadResult:
    """One load run, greedy, with answers as long as asked."""
    return run_load(
        LoadPlan(
            base_url=server.base_url,
            api="completions",
            model=server.model_name,
            schedule=schedule,
            calibrate=False,
            extra_body={"temperature": 0, **server.exact_length_fields},
            tokenizer=server.tokenizer_path,
            timeout_s=300.0,
        )
    )


def replay(rate: float, seconds: float, mix: Mix) -> Schedule:
    """Bursty arrivals and lognormal lengths."""
    rng = np.random.default_rng(11)
    count = max(int(rate * seconds), 20)
    squared = mix.variation**2
    arrivals = np.cumsum(rng.gamma(1 / squared, squared / rate, count))
    (mean, deviation, most), answers = mix.inputs, mix.outputs
    inputs = np.clip(rng.lognormal(mean, deviation, count), 8, most).astype(int)
    outputs = np.clip(rng.lognormal(answers[0], answers[1], count), 2, answers[2]).astype(int)
    return Schedule.from_arrivals(
        arrivals, input_tokens=inputs.tolist(), output_tokens=outputs.tolist(), seed=5
    )


def compared(name: str, when: str, found: Any, seen: Phase, others: float) -> list[dict[str, Any]]:
    """One row a metric and percentile."""
    rng, rows = np.random.default_rng(1), []
    for metric, measured in (("ttft", seen.ttft_s), ("e2e", seen.e2e_s)):
        draws = measured[rng.integers(0, len(measured), (2000, len(measured)))]
        for label, share in (("p50", 0.5), ("p95", 0.95)):
            low, high = np.quantile(np.quantile(draws, share, axis=1), [0.1, 0.9])
            told, real = float(np.quantile(found[metric], share)), float(np.quantile(measured, share))
            rows.append(
                {
                    "target": name,
                    "when": when,
                    "metric": metric,
                    "percentile": label,
                    "simulated_ms": told * 1e3,
                    "measured_ms": real * 1e3,
                    "low_ms": float(low) * 1e3,
                    "high_ms": float(high) * 1e3,
                    "error": told / real - 1.0,
                    "goal": GOAL[label],
                    "n": len(measured),
                    "others": others,
                }
            )
    return rows


class Others:
    """Cores that programs other than the server and this one used while the block ran."""

    def __init__(self, pid: int | None) -> None:
        self._pid, self.cores = pid, 0.0

    def __enter__(self) -> Others:
        self._start, self._used = time.monotonic(), self._busy()
        return self

    def __exit__(self, *_error: object) -> None:
        self.cores = max(self._busy() - self._used, 0.0) / (time.monotonic() - self._start)

    def _busy(self) -> float:
        all_of_them = psutil.cpu_times()
        own = psutil.Process().cpu_times()
        server = psutil.Process(self._pid).cpu_times() if self._pid else own
        total = all_of_them.user + all_of_them.system + all_of_them.nice
        mine = own.user + own.system + own.children_user + own.children_system
        return float(total - mine - (server.user + server.system if self._pid else 0.0))


if __name__ == "__main__":
    main()
