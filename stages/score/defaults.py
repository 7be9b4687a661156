"""Declared defaults of the score stage, with where they come from. params.yaml replaces them."""

from __future__ import annotations

from typing import Any, Final

_PLANNING = "planning figure shipped as a default, to be replaced by the company's own"

ROLE_WEIGHTS: Final[dict[str, dict[str, float]]] = {
    "platform_engineering": {
        "cost_per_throughput": 0.18, "latency": 0.18, "ecosystem_maturity": 0.20, "lock_in_risk": 0.10,
        "operational_complexity": 0.20, "future_scalability": 0.10, "power": 0.04,
    },
    "security": {
        "cost_per_throughput": 0.10, "latency": 0.10, "ecosystem_maturity": 0.25, "lock_in_risk": 0.20,
        "operational_complexity": 0.25, "future_scalability": 0.05, "power": 0.05,
    },
    "procurement": {
        "cost_per_throughput": 0.42, "latency": 0.05, "ecosystem_maturity": 0.08, "lock_in_risk": 0.22,
        "operational_complexity": 0.05, "future_scalability": 0.10, "power": 0.08,
    },
    "application_owner": {
        "cost_per_throughput": 0.25, "latency": 0.40, "ecosystem_maturity": 0.10, "lock_in_risk": 0.05,
        "operational_complexity": 0.05, "future_scalability": 0.10, "power": 0.05,
    },
}  # fmt: skip

BOUNDS: Final[dict[str, dict[str, Any]]] = {
    # As a share of what the action is worth: from a thousandth of it to three tenths.
    "cost_per_throughput": {"low": 1e-3, "high": 0.3, "scale": "log"},
    "cost_without_value": {"low": 0.1, "high": 100.0, "scale": "log"},  # USD per 1,000 actions
    "training_cost_without_value": {"low": 1e-5, "high": 1.0, "scale": "log"},  # USD per step
    # Of the target: at its limit worth nothing, twenty times faster worth everything.
    "latency": {"low": 0.05, "high": 1.0, "scale": "log"},
    "latency_without_target": {"low": 10.0, "high": 60_000.0, "scale": "log"},  # ms
    "ecosystem_maturity": {"low": 0.0, "high": 1.0, "scale": "linear"},
    "lock_in_risk": {"low": 0.0, "high": 1.0, "scale": "linear"},
    "operational_complexity": {"low": 0.0, "high": 14.0, "scale": "linear"},  # points
    "future_scalability": {"low": 0.0, "high": 1.0, "scale": "linear"},
    "power": {"low": 10.0, "high": 20_000.0, "scale": "log"},  # W
    "power_budgeted": {"low": 0.001, "high": 1.0, "scale": "log"},  # of the workload's budget
}

PEOPLE: Final = (
    "platform_engineering", "on_call", "new_class_engineering", "new_class_migration", "training_of_people",
    "exit",
)  # fmt: skip
"""Cost lines that are people's work."""

USD_PER_ENGINEER_HOUR: Final[dict[str, Any]] = {
    "value": 120, "low": 60, "high": 200, "as_of": "2026-11-22",
    "source": f"{_PLANNING}: what an hour of a platform engineer costs, all in",
}  # fmt: skip

HEADROOM: Final = {"exploratory": 0.0, "customer_facing": 0.25, "mission_critical": 0.5}
MINIMUM_REPLICAS: Final = {"exploratory": 1, "customer_facing": 1, "mission_critical": 2}
SPARES: Final = {"exploratory": 0, "customer_facing": 0, "mission_critical": 1}

COMPOUNDING_KINDS: Final = ("chatbot", "agent", "multimodal", "batch", "embedding", "reranker", "scoring")
"""Not copilot (a lost suggestion is one of several), not sensor (one event of thousands), not sandbox."""

PORTABLE_RUNTIMES: Final = (
    "PyTorch", "torch", "vLLM", "SGLang", "ONNX", "JAX", "TensorFlow", "llama.cpp", "OpenVINO", "Triton",
    "transformers", "llamacpp", "vllm", "openai", "NIR",
)  # fmt: skip

FAILURE_RATE: Final[dict[str, Any]] = {
    "value": 0.001, "low": 0.0, "high": 0.01, "source": _PLANNING, "as_of": "2026-11-22",
}  # fmt: skip
SUCCESS_RATE: Final[dict[str, Any]] = {
    "value": 0.8, "low": 0.5, "high": 1.0, "source": _PLANNING, "as_of": "2026-11-22",
}  # fmt: skip
USD_PER_KWH: Final[dict[str, Any]] = {
    "value": 0.20, "low": 0.10, "high": 0.32, "source": f"{_PLANNING}; industrial electricity in the EU",
    "as_of": "2026-11-22",
}  # fmt: skip
PUE: Final[dict[str, Any]] = {
    "value": 1.54, "low": 1.1, "high": 1.8, "as_of": "2025-07-01",
    "source": "Uptime Institute global data center survey 2025: average 1.54; hyperscale 1.1 to 1.2",
}  # fmt: skip
CARBON_KG_PER_KWH: Final[dict[str, Any]] = {
    "value": 0.25, "low": 0.05, "high": 0.6, "as_of": "2026-11-22",
    "source": f"{_PLANNING}: about the EU's mean grid; enter your region's",
}  # fmt: skip
USD_PER_TONNE_CO2: Final[dict[str, Any]] = {
    "value": 80, "low": 40, "high": 200, "as_of": "2026-11-22",
    "source": f"{_PLANNING}: about an EU emission allowance; a shadow price, no invoice comes",
}  # fmt: skip
OWNED_HOST_SHARE: Final[dict[str, Any]] = {
    "value": 0.35, "low": 0.2, "high": 0.6, "as_of": "2026-11-22",
    "source": f"{_PLANNING}: server, network and rack as a share of the accelerators' price",
}  # fmt: skip
OWNED_RESIDUAL_SHARE: Final[dict[str, Any]] = {
    "value": 0.15, "low": 0.05, "high": 0.3, "source": f"{_PLANNING}: of the price, at the end of its years",
    "as_of": "2026-11-22",
}  # fmt: skip
CAPITAL_RATE: Final[dict[str, Any]] = {
    "value": 0.08, "low": 0.05, "high": 0.12, "source": f"{_PLANNING}: weighted cost of capital a year",
    "as_of": "2026-11-22",
}  # fmt: skip

COST_LINES: Final[dict[str, dict[str, Any]]] = {
    "platform_engineering": {
        "basis": "workload_month", "value": 120, "low": 40, "high": 400, "as_of": "2026-11-22",
        "source": f"{_PLANNING}: about one engineer hour a month for a workload that runs well",
    },
    "on_call": {
        "basis": "replica_month", "value": 8, "low": 2, "high": 25, "as_of": "2026-11-22",
        "source": f"{_PLANNING}: pages a replica causes",
    },
    "new_class_engineering": {
        "basis": "new_class_month", "value": 1500, "low": 500, "high": 4000, "as_of": "2026-11-22",
        "source": f"{_PLANNING}: a second toolchain kept working, shared among workloads",
    },
    "new_class_migration": {
        "basis": "new_class_once", "value": 15_000, "low": 6000, "high": 45_000, "as_of": "2026-11-22",
        "source": f"{_PLANNING}: porting and validation, spread over the horizon",
    },
    "training_of_people": {
        "basis": "new_class_once", "value": 5000, "low": 2000, "high": 15_000, "as_of": "2026-11-22",
        "source": f"{_PLANNING}: two engineers for a week each, spread over the horizon",
    },
    "exit": {
        "basis": "new_class_once", "value": 8000, "low": 2000, "high": 30_000, "as_of": "2026-11-22",
        "source": f"{_PLANNING}: moving off the class again, spread over the horizon",
    },
    "storage": {
        "basis": "replica_month", "value": 8, "low": 1, "high": 40, "as_of": "2026-11-22",
        "source": f"{_PLANNING}: 100 GB of weights and images a replica at 0.08 USD a GB and month",
    },
    "licences": {
        "basis": "replica_month", "value": 0, "low": 0, "high": 0, "as_of": "2026-11-22",
        "source": f"{_PLANNING}: open-source runtimes, nothing bought; enter what your vendor bills",
    },
    "egress": {
        "basis": "gb_out", "value": 0.09, "low": 0.0, "high": 0.12, "as_of": "2026-09-01",
        "source": "list price of AWS data transfer to the internet, first tier; 0 on private lines",
    },
}  # fmt: skip
