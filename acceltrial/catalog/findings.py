"""What the catalogue notices about its own data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One remark on a device or offer, in the shape of the pipeline's findings tables."""

    subject_kind: Literal["accelerator", "price", "model", "file"]
    subject: str
    finding: str
    severity: Literal["info", "warning", "error"]
    detail: str
    remedy: str
