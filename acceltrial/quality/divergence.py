"""How far a server's next-token distributions are from a reference's."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from acceltrial.stats.quantiles import Estimate, mean_interval, proportion_interval

K = TypeVar("K", bound=Hashable)

RESOLUTION = 1e-6
"""Of a probability mass that is one minus a sum of 32-bit floats."""


def kl_lower_bound(reference: Mapping[K, float], observed: Mapping[K, float]) -> float:
    """A lower bound of KL(reference ‖ observed) in nats, from the log-probabilities of the likeliest tokens.

    Servers give a few tokens only. Tokens known on both sides keep their own probabilities, all others are
    lumped into one rest: D = Σ p ln(p/q) over those and the rest. Lumping outcomes never raises a divergence
    (log-sum inequality; Cover & Thomas, Elements of Information Theory, theorem 2.7.1), so the true value
    is at least D; what differs inside the rest is not seen. Rests below the resolution are set to it.

    Returns 0 or more; with no token in common 0 or little, since nothing can then be told.
    """
    common = reference.keys() & observed.keys()
    p = {token: math.exp(min(reference[token], 0.0)) for token in common}
    q = {token: math.exp(min(observed[token], 0.0)) for token in common}
    total = sum(p[t] * (min(reference[t], 0.0) - min(observed[t], 0.0)) for t in common if p[t] > 0)
    p_rest = max(1 - math.fsum(p.values()), RESOLUTION)
    q_rest = max(1 - math.fsum(q.values()), RESOLUTION)
    return max(0.0, total + p_rest * math.log(p_rest / q_rest))


@dataclass(frozen=True, slots=True)
class Position:
    """One forced prefix: of which text, the bound where log-probabilities came, and the first choice."""

    text: int
    kl_nats: float | None
    agrees: bool


@dataclass(frozen=True)
class Agreement:
    """A server against a reference over the same forced prefixes."""

    positions: Sequence[Position]
    reason: str = ""

    @property
    def kl_nats(self) -> Estimate:
        """Mean of the lower bound over positions; the interval is Student's over the texts' own means.

        Positions of one text depend on one another, texts do not: `n` counts texts that have a value.
        """
        known = [one for one in self.positions if one.kl_nats is not None]
        texts = sorted({one.text for one in known})
        means = [float(np.mean([o.kl_nats for o in known if o.text == text])) for text in texts]
        found = mean_interval(np.asarray(means))
        if found.value is None:
            return Estimate(None, None, None, 0, found.level, found.method, self.reason or "no position")
        return found

    @property
    def top1(self) -> Estimate:
        """The share of positions at which both write the same token, with its Clopper-Pearson interval."""
        found = proportion_interval(sum(one.agrees for one in self.positions), len(self.positions))
        if found.value is None:
            return Estimate(None, None, None, 0, found.level, found.method, self.reason or "no position")
        return found
