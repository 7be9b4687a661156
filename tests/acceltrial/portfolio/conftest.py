"""A small portfolio on disk that tests break in one place each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

WORKLOADS = """\
workloads:
  - id: chat
    title: Support chat
    owner: Service
    kind: chatbot
    business:
      action: conversation resolved
      value: 2.40 USD
      actions_per_month: 1000
      requests_per_action: 4.2
      success: not reopened
    latency: {percentile: 95, first_token: 800 ms, end_to_end: 20 s}
    sensitivity: confidential
    residency: [eu, us]
    model: small
    trace: chat
"""
MODELS = """\
models:
  - id: small
    family: dense_llm
    params_b: 0.268
    heads: 4
    kv_heads: 1
    context_window: 32768
    native_precision: bf16
    source: a vendor's card
    as_of: "2025-08"
    confidence: vendor_doc
"""
TARGETS = """\
targets:
  - id: local
    title: llama.cpp here
    kind: llamacpp
    device: local-cpu
    model: small
    precision: int4
    api: completions
    environment: local
    region: here
    residency: eu
    price: {amount: 0.1 USD/h, source: a list price, as_of: "2026-06", grade: declared}
"""
TRACES = """\
traces:
  - id: chat
    file: traces/chat.csv
    licence: our own
"""
TRACE = "TIMESTAMP,ContextTokens,GeneratedTokens\n" + "".join(
    f"2026-11-16 18:15:{second:02d}.0000000,{100 + second},{10 + second}\n" for second in range(20)
)
FILES = {"workloads": WORKLOADS, "models": MODELS, "targets": TARGETS, "traces": TRACES}
Builder = Callable[..., Path]


@pytest.fixture
def build(tmp_path: Path) -> Builder:
    """Writes the portfolio; `replace={"workloads": ("old", "new")}` changes one file's text, once."""

    def write(**replace: tuple[str, str]) -> Path:
        folder = tmp_path / "portfolio"
        (folder / "traces").mkdir(parents=True, exist_ok=True)
        (folder / "traces" / "chat.csv").write_text(TRACE)
        for name, text in FILES.items():
            old, new = replace.get(name, ("", ""))
            assert old in text, f"{old!r} is not in {name}.yaml of the fixture"
            (folder / f"{name}.yaml").write_text(text.replace(old, new, 1) if old else text)
        return folder

    return write
