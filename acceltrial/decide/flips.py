"""The smallest changes that would make another option win: solved, not scanned."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from acceltrial.decide.values import Criterion, Floats, raw_value


@dataclass(frozen=True, slots=True)
class Standing:
    """A decided matrix: what is ranked by what, and who is first.

    Attributes:
        values: raw values of options × criteria, in each criterion's unit; NaN where unknown.
        utilities: their utilities, NaN where unknown: worth nothing in the score.
        winner: index of the first option.
    """

    names: Sequence[str]
    criteria: Sequence[Criterion]
    values: Floats
    utilities: Floats
    weights: Floats
    winner: int

    @property
    def rivals(self) -> list[int]:
        """Indices of all options but the winner."""
        return [index for index in range(len(self.names)) if index != self.winner]

    @property
    def counted(self) -> Floats:
        """The utilities as the score counts them."""
        return np.nan_to_num(self.utilities, nan=0.0)

    def lead_and_margin(self, rival: int) -> tuple[Floats, float]:
        """By how much the rival leads on each criterion, and the winner's weighted margin over it."""
        rows = np.nan_to_num(self.utilities[[rival, self.winner]], nan=0.0)
        lead = rows[0] - rows[1]
        return lead, max(0.0, -float(self.weights @ lead))


@dataclass(frozen=True, slots=True)
class WeightFlip:
    """Moving `amount` of weight from one criterion to another makes `rival` level with the winner."""

    rival: str
    taken_from: str
    given_to: str
    amount: float


@dataclass(frozen=True, slots=True)
class WeightChange:
    """The least weight in all that, given to one criterion, makes `rival` level, and from which it comes."""

    rival: str
    taken_from: tuple[tuple[str, float], ...]
    given_to: str
    amount: float


@dataclass(frozen=True, slots=True)
class ValueFlip:
    """A value of `criterion` at which `rival` is level with the winner, all else equal.

    Attributes:
        value: today's value of the option that changes; NaN where it is unknown.
        utility_moved: what it loses (the winner) or gains (the rival) there.
    """

    rival: str
    criterion: str
    value: float
    flips_at: float
    utility_moved: float


def weight_flip(now: Standing) -> WeightFlip | None:
    """The least weight that, moved between two criteria, dethrones the winner; None when no move does.

    For a rival with lead d = u_rival - u_winner and margin m = -w·d, moving δ from i to j changes the
    gap by δ(dⱼ - dᵢ), so δ = m / (dⱼ - dᵢ), possible when δ ≤ wᵢ.
    """
    best: WeightFlip | None = None
    for rival in now.rivals:
        lead, margin = now.lead_and_margin(rival)
        target = int(np.argmax(lead))
        for source in np.flatnonzero(now.weights > 0):
            gain = float(lead[target] - lead[source])
            amount = margin / gain if gain > 1e-12 else math.inf
            if amount <= now.weights[source] and (best is None or amount < best.amount):
                names = now.criteria[int(source)].name, now.criteria[target].name
                best = WeightFlip(now.names[rival], *names, amount)
    return best


def least_weight_change(now: Standing) -> WeightChange | None:
    """The least weight, from as many criteria as it takes, that dethrones the winner; None when none does.

    All of it goes to the criterion j where the rival leads most, first from where it leads least:
    each unit from i closes the gap by dⱼ - dᵢ (a fractional knapsack, so the greedy order is optimal).
    """
    best: WeightChange | None = None
    for rival in now.rivals:
        lead, margin = now.lead_and_margin(rival)
        target = int(np.argmax(lead))
        taken = _taken(lead[target] - lead, now.weights, margin)
        amount = math.fsum(part for _, part in taken or ())
        if taken is not None and (best is None or amount < best.amount):
            parts = tuple((now.criteria[index].name, part) for index, part in taken)
            best = WeightChange(now.names[rival], parts, now.criteria[target].name, amount)
    return best


def _taken(gains: Floats, weights: Floats, margin: float) -> list[tuple[int, float]] | None:
    """What to take from each criterion to close `margin`, the best first; None where all is too little."""
    taken: list[tuple[int, float]] = []
    for index in np.argsort(-gains, kind="stable"):
        if margin <= 0:
            break
        gain = float(gains[index])
        if gain <= 1e-12:
            return None
        part = min(float(weights[index]), margin / gain)
        margin = 0.0 if part < weights[index] else margin - part * gain
        if part > 0:
            taken.append((int(index), part))
    return taken


def value_flips(now: Standing) -> list[ValueFlip]:
    """For each criterion the winner's own value at which its closest rival is level, least utility first.

    The utility to lose on criterion c is margin / w_c; where that is more than the winner has
    there, no value of this criterion alone can dethrone it and the criterion is left out.
    """
    scores = now.counted @ now.weights
    if not now.rivals:
        return []
    rival = min(now.rivals, key=lambda i: (-round(float(scores[i]), 12), now.names[i]))
    margin = max(0.0, float(scores[now.winner] - scores[rival]))
    found = []
    for index, criterion in enumerate(now.criteria):
        worth = now.utilities[now.winner, index]
        if math.isnan(worth) or now.weights[index] <= 0:
            continue
        lost = margin / float(now.weights[index])
        if lost <= worth:
            at = raw_value(float(worth) - lost, criterion)
            today = float(now.values[now.winner, index])
            found.append(ValueFlip(now.names[rival], criterion.name, today, at, lost))
    return sorted(found, key=lambda flip: (flip.utility_moved, flip.criterion))


def rival_flips(now: Standing) -> list[ValueFlip]:
    """For each criterion the nearest value that one rival would need to be level, least utility first.

    An unknown value counts as worth nothing today, as in the score.
    """
    u = now.counted
    margins = np.maximum(0.0, (u[now.winner] - u) @ now.weights)
    rivals = sorted(now.rivals, key=lambda i: (margins[i], now.names[i]))
    found = []
    for index, criterion in enumerate(now.criteria):
        weight = float(now.weights[index])
        able = [i for i in rivals if weight > 0 and u[i, index] + margins[i] / weight <= 1]
        if able:
            gained = float(margins[able[0]]) / weight
            at = raw_value(float(u[able[0], index]) + gained, criterion)
            today = float(now.values[able[0], index])
            found.append(ValueFlip(now.names[able[0]], criterion.name, today, at, gained))
    return sorted(found, key=lambda flip: (flip.utility_moved, flip.criterion))


def crossing(
    lead: Callable[[float], float], *, low: float, high: float, start: float = 1.0, steps: int = 24
) -> float | None:
    """The factor nearest to `start` (as a ratio), in [low, high], at which `lead` stops being positive.

    Steps outward from `start` in equal ratios until the sign changes, then bisects to 1e-6. `lead`
    may jump (replicas come whole): the factor returned is then where it jumps. None when it stays
    positive throughout; `start` itself when it is not positive there.
    """
    if lead(start) <= 0:
        return start
    found = [_outward(lead, start, end, steps) for end in (high, low) if end > 0 and end != start]
    hits = [factor for factor in found if factor is not None]
    return min(hits, key=lambda factor: abs(math.log(factor / start)), default=None)


def _outward(lead: Callable[[float], float], start: float, end: float, steps: int) -> float | None:
    ratio = (end / start) ** (1 / steps)
    inside = start
    for step in range(1, steps + 1):
        outer = start * ratio**step
        if lead(outer) <= 0:
            return _bisect(lead, inside, outer)
        inside = outer
    return None


def _bisect(lead: Callable[[float], float], inside: float, outer: float) -> float:
    while abs(outer / inside - 1) > 1e-6:
        middle = math.sqrt(inside * outer)
        if lead(middle) > 0:
            inside = middle
        else:
            outer = middle
    return outer
