"""Envoy's runtime fraction as a lever, set through its admin port.

The route to the canary's cluster comes first and has a `runtime_fraction` with this key and a default of
0; the next route goes to the baseline's cluster. An admin layer in `layered_runtime` makes the key
settable. A bare number would count in hundredths, whatever denominator the route's default has; so the
fraction is written with its own denominator.
"""

from __future__ import annotations

import http.client
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from acceltrial.canary.lever import LeverError
from acceltrial.canary.levers.weights import Reading

MILLION = 1_000_000


@dataclass(frozen=True)
class EnvoyWeights:
    """See `Weights`.

    Attributes:
        host, port: of the admin listener.
        runtime_key: the key of the canary route's `runtime_fraction`.
        baseline, canary: the clusters' names, for counting.
    """

    host: str
    port: int
    runtime_key: str
    baseline: str = "baseline"
    canary: str = "canary"
    granularity: float = 1 / MILLION
    patience_s: float = 2.0

    def write(self, share: float) -> None:
        """See `Weights.write`."""
        value = json.dumps({"numerator": round(share * MILLION), "denominator": "MILLION"})
        answer = self._ask("POST", f"/runtime_modify?{quote(self.runtime_key)}={quote(value)}")
        if answer.strip() != "OK":
            raise self._error(f"Envoy refuses the runtime value: {answer.strip()[:200]}")

    def read(self) -> Reading:
        """See `Weights.read`. A key that was never set means the route's default, which must be 0."""
        try:
            entry = json.loads(self._ask("GET", "/runtime?format=json"))["entries"].get(self.runtime_key)
            share = _fraction(entry["final_value"]) if entry else 0.0
            pattern = rf"^cluster\.({re.escape(self.baseline)}|{re.escape(self.canary)})\.upstream_rq_total$"
            stats = json.loads(self._ask("GET", f"/stats?format=json&filter={quote(pattern)}"))["stats"]
            counts = {stat["name"]: int(stat["value"]) for stat in stats}
            sent = [counts[f"cluster.{arm}.upstream_rq_total"] for arm in (self.baseline, self.canary)]
            return Reading(share, sent[0], sent[1])
        except (KeyError, TypeError, ValueError) as error:
            raise self._error(f"Envoy's answer cannot be read ({error!r})") from error

    def _ask(self, method: str, path: str) -> str:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=self.patience_s)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise self._error(f"Envoy does not answer ({error or type(error).__name__})") from error
        finally:
            connection.close()
        if response.status != 200:
            raise self._error(f"Envoy answers {response.status}: {text.strip()[:200]}")
        return text

    def _error(self, what: str) -> LeverError:
        return LeverError(
            what, where=f"{self.host}:{self.port}", remedy="see whether Envoy's admin port listens there"
        )


def _fraction(text: str) -> float:
    """The fraction that Envoy makes of a runtime value: a bare number is in hundredths."""
    value: Any = json.loads(text)
    if isinstance(value, dict):
        parts = {"HUNDRED": 100, "TEN_THOUSAND": 10_000, "MILLION": MILLION}
        return min(float(value["numerator"]) / parts[value.get("denominator", "HUNDRED")], 1.0)
    return min(float(value) / 100, 1.0)
