"""A service level in words, and how many requests meet it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceltrial.errors import ConfigurationError

if TYPE_CHECKING:
    import polars as pl

METRICS = ("ttft_ms", "ttft_from_intended_ms", "tpot_ms", "itl_max_ms", "e2e_ms", "e2e_from_intended_ms")
_TERM = re.compile(r"^\s*(\w+)\s*(?:<=|≤|<)\s*([0-9.eE+-]+)\s*$")
DEFAULT_SHARE = 0.99


@dataclass(frozen=True, slots=True)
class Slo:
    """Limits that a request must meet together, and the share of planned requests that must meet them."""

    limits: tuple[tuple[str, float], ...]
    share: float = DEFAULT_SHARE

    @staticmethod
    def parse(text: str) -> Slo:
        """`ttft_ms<=500,tpot_ms<=50@0.99`: limits, then the share. Raises ConfigurationError."""
        terms, at, share_text = text.partition("@")
        try:
            share = float(share_text) if at else DEFAULT_SHARE
        except ValueError:
            share = math.nan
        limits = []
        for term in terms.split(","):
            match = _TERM.match(term)
            limit = _number(match.group(2)) if match else math.nan
            if match is None or match.group(1) not in METRICS or not 0 < limit < math.inf:
                raise ConfigurationError(
                    f"'{term.strip()}' is not a limit",
                    where="service level",
                    remedy=f"write like ttft_ms<=500,tpot_ms<=50@0.99 with {', '.join(METRICS)}",
                )
            limits.append((match.group(1), limit))
        if not 0 < share <= 1:
            raise ConfigurationError(f"share '{share_text}' must lie in (0, 1]", where="service level")
        return Slo(tuple(limits), share)

    def met(self, latencies: pl.DataFrame) -> int:
        """How many rows of `latencies` meet every limit; a missing figure does not."""
        import polars as pl

        good = pl.lit(True)
        for metric, limit in self.limits:
            good = good & (pl.col(metric) <= limit).fill_null(False)
        return int(latencies.select(good.sum()).item()) if latencies.height else 0


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
