"""HAProxy's runtime API as a lever: server weights inside one backend. Acts in well under a millisecond.

Weights set at run time last until HAProxy restarts or reloads; then those of its file hold, which must
therefore give the canary a weight of 0.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass

from acceltrial.canary.lever import LeverError
from acceltrial.canary.levers.weights import Reading, parts_of
from acceltrial.proxies import haproxy_command

WHOLE = 200
"""The sum of both weights: steps of half a per cent, each weight below HAProxy's 256."""


@dataclass(frozen=True)
class HaproxyWeights:
    """See `Weights`.

    Attributes:
        socket_path: HAProxy's admin socket (`stats socket … level admin`).
        backend: holds both servers.
        baseline, canary: the servers' names there.
    """

    socket_path: str
    backend: str
    baseline: str = "baseline"
    canary: str = "canary"
    granularity: float = 1 / WHOLE
    patience_s: float = 2.0

    def write(self, share: float) -> None:
        """See `Weights.write`. What receives more is raised before what receives less is lowered."""
        weights = dict(zip((self.baseline, self.canary), parts_of(share, WHOLE), strict=True))
        for server in sorted(weights, key=lambda name: -weights[name]):
            answer = self._command(f"set weight {self.backend}/{server} {weights[server]}")
            if answer:
                raise self._error(f"HAProxy refuses the weight of {self.backend}/{server}: {answer}")

    def read(self) -> Reading:
        """See `Weights.read`. The counts are how often each server was chosen (`lbtot`)."""
        rows = {
            row["svname"]: row
            for row in csv.DictReader(self._command("show stat").removeprefix("# ").splitlines())
            if row.get("pxname") == self.backend
        }
        missing = [name for name in (self.baseline, self.canary) if name not in rows]
        if missing:
            raise self._error(f"HAProxy's backend '{self.backend}' has no server '{missing[0]}'")
        baseline, canary = rows[self.baseline], rows[self.canary]
        try:
            weights = (
                int(baseline["uweight"] or baseline["weight"]),
                int(canary["uweight"] or canary["weight"]),
            )
            counts = int(baseline["lbtot"]), int(canary["lbtot"])
        except (KeyError, ValueError) as error:
            raise self._error(f"HAProxy's statistics cannot be read ({error!r})") from error
        if not sum(weights):
            raise self._error(f"both servers of '{self.backend}' have a weight of 0: nobody is served")
        status = canary.get("status", "")
        up = None if status == "no check" else status.startswith("UP")
        return Reading(weights[1] / sum(weights), *counts, canary_up=up)

    def _command(self, text: str) -> str:
        try:
            return haproxy_command(self.socket_path, text, timeout_s=self.patience_s)
        except OSError as error:
            raise self._error(f"HAProxy does not answer ({error})") from error

    def _error(self, what: str) -> LeverError:
        return LeverError(
            what, where=self.socket_path, remedy="see whether HAProxy runs and its socket has `level admin`"
        )
