"""One price of one accelerator for one hour, as every importer makes it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from acceltrial.catalog.columns import PRICES


@dataclass(frozen=True, slots=True)
class Offer:
    """One price of one accelerator for one hour, before tax.

    `term` tells apart offers that differ in nothing else ("1yr no upfront"). `usd` is per accelerator.
    """

    accelerator: str
    provider: str
    region: str
    residency: str
    instance_type: str
    accelerators_per_instance: float
    model: str
    usd: float
    source: str
    as_of: str
    confidence: str
    note: str
    term: str = ""
    environment: str = "public_cloud"
    grade: str = "published"

    @property
    def name(self) -> str:
        """An identifier that is stable as long as the offer is the same."""
        parts = [self.provider, self.region, self.instance_type or self.accelerator, self.model, self.term]
        return re.sub(r"[^a-z0-9.]+", "-", "_".join(filter(None, parts)).lower()).strip("-.")[:120]

    def row(self) -> dict[str, str]:
        """The offer as cells of the prices table."""
        cells = {
            "price": self.name,
            "accelerator": self.accelerator,
            "provider": self.provider,
            "region": self.region,
            "residency": self.residency,
            "environment": self.environment,
            "instance_type": self.instance_type,
            "accelerators_per_instance": f"{self.accelerators_per_instance:g}",
            "model": self.model,
            "usd_per_accelerator_hour": f"{self.usd:.6g}",
            "grade": self.grade,
            "source": self.source,
            "as_of": self.as_of,
            "confidence": self.confidence,
            "note": self.note,
        }
        return {name: cells[name] for name in PRICES}
