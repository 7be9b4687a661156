"""A device as the predictor sees it: peaks by precision, memory, links, power."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

_RATE_COLUMNS = {
    "fp32": "fp32_tflops",
    "tf32": "tf32_tflops",
    "bf16": "bf16_tflops",
    "fp16": "fp16_tflops",
    "fp8": "fp8_tflops",
    "int8": "int8_tops",
    "fp4": "fp4_tflops",
}
_LISTED = {
    # Formats that are unpacked to 16 bits before the product count as weights only.
    "int4": r"int4|awq|gptq|marlin|gguf|\b4 bit|mxint4",
    "int8": r"int8|\b8[/ ]|1-9 bit|8-bit",
    "fp8": r"fp8",
    "fp4": r"fp4",
    "bf16": r"bf16",
    "fp16": r"fp16",
}
_SOFTWARE_CLASSES = frozenset({"gpu", "cpu", "tpu", "training_accelerator"})
"""Classes whose kernels are software: a weight format that no source names may still run."""
Support = Literal["native", "weight_only", "unknown", "unsupported"]


@dataclass(frozen=True, slots=True)
class Device:
    """One accelerator; TFLOPS or TOPS, GB/s, GB and W; None is unknown."""

    accelerator: str
    accelerator_class: str
    family: str
    memory_gb: float | None = None
    memory_bw_gb_s: float | None = None
    interconnect_gb_s: float | None = None
    tdp_w: float | None = None
    energy_per_synop_pj: float | None = None
    rates: Mapping[str, float] = field(default_factory=dict)
    quantisation: str = ""

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Device:
        """The device in a row of an accelerators table."""
        rates = {precision: row[column] for precision, column in _RATE_COLUMNS.items() if row.get(column)}
        return cls(
            accelerator=row["accelerator"],
            accelerator_class=row["accelerator_class"],
            family=row["family"],
            memory_gb=row.get("memory_gb"),
            memory_bw_gb_s=row.get("memory_bw_gb_s"),
            interconnect_gb_s=row.get("interconnect_gb_s"),
            tdp_w=row.get("tdp_w"),
            energy_per_synop_pj=row.get("energy_per_synop_pj"),
            rates=rates,
            quantisation=row.get("quantisation") or "",
        )

    def support(self, precision: str) -> Support:
        """How the device handles `precision`; `unsupported` only where documents speak against it."""
        if precision in self.rates:
            return "native"
        listed = re.search(_LISTED.get(precision, r"(?!)"), self._documented(), re.IGNORECASE)
        if listed:
            return "weight_only" if precision in {"int4", "int8", "fp8", "fp4"} else "native"
        if precision in {"bf16", "fp16"}:
            return "unsupported" if self.rates.keys() - {"fp32", "tf32"} else "unknown"
        if precision in {"fp32", "tf32"}:
            return "unknown" if self.accelerator_class in _SOFTWARE_CLASSES else "unsupported"
        if precision == "int4" and self.accelerator_class in _SOFTWARE_CLASSES:
            return "unknown"
        return "unsupported" if self.rates or self._documented() else "unknown"

    def _documented(self) -> str:
        return re.sub(r"\(no [^)]*\)", "", self.quantisation)

    def rate_tflops(self, precision: str) -> float | None:
        """Dense peak at which products run when weights are held in `precision`; None when unknown."""
        if precision in self.rates:
            return self.rates[precision]
        if self.support(precision) == "weight_only":
            return self.rates.get("bf16") or self.rates.get("fp16") or self.rates.get("int8")
        return None

    def sixteen_bit(self) -> str:
        """The 16-bit format that the device computes in: bf16, or fp16 where it has no bf16."""
        return "fp16" if "bf16" not in self.rates and "fp16" in self.rates else "bf16"
