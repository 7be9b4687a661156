"""The declaration of the benchmark stage."""

from __future__ import annotations

from stages import artifacts
from stages.benchmark.grid import BenchmarkGrid
from stages.benchmark.params import BenchmarkParams
from stages.contract import Stage

STAGE = Stage(
    name="benchmark",
    version="1",
    params=BenchmarkParams,
    inputs=(
        artifacts.WORKLOADS,
        artifacts.MODELS,
        artifacts.REQUESTS,
        artifacts.TRACE_SOURCES,
        artifacts.CLASSES,
        artifacts.PROFILES,
        artifacts.CANDIDATES,
        artifacts.ACCELERATORS,
        artifacts.PRICES,
        artifacts.TARGETS,
    ),
    outputs=(
        artifacts.MEASUREMENTS,
        artifacts.REQUEST_RECORDS,
        artifacts.BENCHMARK_CELLS,
        artifacts.PREDICTION_LEDGER,
        artifacts.TELEMETRY,
        artifacts.BENCHMARK_FINDINGS,
    ),
    grid=BenchmarkGrid(),
    about="Measures every workload on every target that serves it, and predicts the rest.",
)
