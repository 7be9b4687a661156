"""The sample's workloads and devices, and the rows as they are filled in."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>\"' onload=x {{ 7*7 }} {% raw %} ../../etc\x0bé漢\u202e"

WORKLOADS = [
    ("support-chat", "Support chat", "chatbot", "inference", "customer_facing", "llama-3.1-8b"),
    ("reply-suggest", "Reply suggestions", "copilot", "inference", "customer_facing", "gemma-3-270m"),
    ("semantic-search", "Semantic search", "embedding", "inference", "exploratory", "all-minilm-l6-v2"),
    ("fraud-scoring", "Fraud scoring", "scoring", "inference", "mission_critical", "dlrm-fraud"),
    ("domain-finetune", "Domain fine-tune", "training", "training", "exploratory", "gemma-3-270m"),
    ("pump-monitoring", "Pump monitoring", "sensor", "inference", "mission_critical", "pump-snn"),
]
MEASURED = {
    "reply-suggest": ["local-llamacpp-q4", "local-torch-bf16"],
    "semantic-search": ["local-minilm-torch"],
    "domain-finetune": ["local-torch-training"],
}
ACCELERATORS = [
    ("h100-sxm", "NVIDIA", "gpu", "hopper", 80.0, 3350.0, 700.0),
    ("l40s", "NVIDIA", "gpu", "ada", 48.0, 864.0, 350.0),
    ("trn2", "AWS", "training_accelerator", "trainium2", 96.0, 2900.0, None),
    ("lpu-v1", "Groq", "inference_asic", "lpu", 0.23, 80000.0, 300.0),
    ("tpu-v6e", "Google", "tpu", "tpu-v6", 32.0, 1640.0, None),
    ("epyc-9654", "AMD", "cpu", "zen4", 768.0, 460.0, 360.0),
    ("loihi2", "Intel", "neuromorphic", "loihi", None, None, 1.0),
]


@dataclass
class Sample:
    """Rows by table name, filled step by step."""

    random: random.Random
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, table: str, **row: Any) -> None:
        self.rows.setdefault(table, []).append(row)


def options_of(name: str) -> list[tuple[str, str | None, str, bool]]:
    """Option, accelerator, class and whether it is feasible."""
    found = []
    for accelerator, _, class_, _, memory, _, _ in ACCELERATORS:
        for count in (1, 2):
            feasible = (
                bool(memory and memory > 20) and class_ != "neuromorphic"
            ) or name == "pump-monitoring"
            found.append((f"{accelerator}-x{count}-bf16", accelerator, class_, feasible))
    return found + [(target, None, "cpu", True) for target in MEASURED.get(name, [])]
