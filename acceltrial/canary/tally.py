"""From requests to counts by look: who failed, who was slow, whose memory grew.

What is *slow* in a look is fixed before it starts: slower than the baseline's own quantile over the
preceding minutes, for the canary with the margin on top. So identical arms have equal shares of slow
requests whatever the traffic does, and a change that both arms share cancels out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from acceltrial.canary.guardrails import CostGuardrail, MemoryGuardrail, RankedGuardrail, Warmup
from acceltrial.canary.records import Codes, Flags, Floats, Records

BIN = 0.005
"""Latencies are compared in steps of half a per cent."""
MOST_CELLS = 16_000_000
"""Counts held of one column. Steps are wider where looks and classes are many, or latencies far apart."""
SMALLEST, LARGEST = 1e-6, 1e9
BEYOND_QUANTILE = 5
BODY = np.array([0.1, 0.9])
"""Levels of the baseline between which requests are ordinary: their shift tells an arm's drift."""
FOLLOWED_REQUESTS = 100
"""Canary requests that tell its drift; with fewer the tail has no margin."""
SETTLING_REQUESTS = 20

Counts = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tally:
    """Sums and counts with the axes look × group × level; `expected` is the baseline's share beforehand."""

    k_canary: Counts
    n_canary: Counts
    k_baseline: Counts
    n_baseline: Counts
    expected: Floats
    prior_weight: float

    def below(self, count: int) -> Tally:
        """The first `count` levels alone."""
        return Tally(
            self.k_canary[..., :count],
            self.n_canary[..., :count],
            self.k_baseline[..., :count],
            self.n_baseline[..., :count],
            self.expected[:count],
            self.prior_weight,
        )

    def baseline_guess(self) -> Floats:
        """The baseline's mean before each look, from the looks before it alone."""
        k_past = np.cumsum(self.k_baseline, axis=0) - self.k_baseline
        n_past = np.cumsum(self.n_baseline, axis=0) - self.n_baseline
        guess = (k_past + self.prior_weight * self.expected) / (n_past + self.prior_weight)
        return np.asarray(np.clip(guess, 1e-6, 1 - 1e-6))


def tally_values(
    records: Records, values: Floats, expected: float, weight: float, *, looks: int, interval_s: float
) -> Tally:
    """Sums of [0, 1] values (failures: 1) by look and class; missing values are left out."""
    groups = int(records.group.max(initial=0)) + 1
    cell, known = (records.looks(interval_s) * groups + records.group) * 2 + records.canary, ~np.isnan(values)
    if not known.all():
        cell, values = cell[known], values[known]
    size = looks * groups * 2
    n = np.bincount(cell, minlength=size).reshape(looks, groups, 2).astype(np.float64)
    k = np.bincount(cell, weights=values, minlength=size).reshape(looks, groups, 2).astype(np.float64)
    return Tally(
        k[..., 1:], n[..., 1:], k[..., :1], n[..., :1], expected=np.array(expected), prior_weight=weight
    )


@dataclass(frozen=True)
class SlowTally:
    """Slow requests by look, class and quantile level, and when the warm-up ended."""

    tally: Tally
    warm_from: int
    """First look whose canary latencies count."""
    missing: tuple[float, float]
    """Share of successful requests without a latency: baseline, canary."""
    known: Flags
    """Which requests were counted."""
    steps: Codes
    """The step of each request's value."""
    limits: Codes
    """Steps that the baseline's levels had reached before each look, group × look × level; beyond all steps
    where a level had too little."""

    def bins(self, index: Codes, look: Codes, group: Codes) -> Codes:
        """How many of the levels the requests at `index` exceed, the baseline's own look included."""
        following = np.minimum(look + 1, self.limits.shape[1] - 1)
        return np.asarray((self.steps[index, None] > self.limits[group, following]).sum(axis=1))


def tally_slow(
    records: Records,
    values: Floats,
    rule: RankedGuardrail,
    looks: int,
    interval_s: float,
    reference_s: float,
    warmup: Warmup,
) -> SlowTally:
    """Slow requests as defined above; a level without enough of the baseline's past has no counts."""
    known = records.ok & (values >= 0)
    past = past_looks(reference_s, interval_s, looks)
    levels = np.array(rule.levels)
    steps, step = _steps_of(records, values, known, looks)
    hist = _histograms(records, steps, known, looks, interval_s)
    whole = hist.sum(axis=1)
    warm = _warm_from(whole[0], whole[1], interval_s, warmup)
    before = [_preceding_counts(baseline, past) for baseline in hist[0]]
    reached = np.stack([_place(reference, np.concatenate([BODY, levels])) for reference in before])
    active = np.stack([reference[:, -1:] * (1 - levels) >= BEYOND_QUANTILE - 1e-9 for reference in before])
    body, limits = reached[..., : len(BODY)], reached[..., len(BODY) :]
    shift = _shift(rule.margins(_slower(hist, before, body, warm, past // 2, step)), step)
    parts = [_exceedance(*part, shift) for part in zip(hist[0], hist[1], limits, active, strict=True)]
    k_c, n_c, k_b, n_b = (np.stack(column, axis=1) for column in zip(*parts, strict=True))
    k_c[:warm], n_c[:warm] = 0, 0
    tally = Tally(k_c, n_c, k_b, n_b, expected=1 - levels, prior_weight=200.0)
    lost = tuple(_missing(records.ok & (records.canary == arm), known) for arm in (False, True))
    return SlowTally(tally, warm, (lost[0], lost[1]), known, steps, np.where(active, limits, hist.shape[3]))


def _missing(asked: Flags, known: Flags) -> float:
    total = int(asked.sum())
    return 1 - int((asked & known).sum()) / total if total else 0.0


def _steps_of(records: Records, values: Floats, known: Flags, looks: int) -> tuple[Codes, float]:
    """The step of each value (0 where it is not known), and how wide a step is (logarithm)."""
    logs = np.log(np.clip(np.where(known, values, 1.0), SMALLEST, LARGEST))
    low, high = (float(end(logs[known])) if known.any() else 0.0 for end in (np.min, np.max))
    rows = 2 * (int(records.group.max(initial=0)) + 1) * looks
    step = BIN * math.ceil(rows * ((high - low) / BIN + 2) / MOST_CELLS)
    steps = np.floor(logs / step).astype(np.int64) - math.floor(low / step)
    return np.where(known, steps, 0), step


def _histograms(records: Records, steps: Codes, known: Flags, looks: int, interval_s: float) -> Codes:
    """Known values by arm (baseline first), class, look and step."""
    groups, width = int(records.group.max(initial=0)) + 1, int(steps.max(initial=0)) + 1
    cell = (records.canary * groups + records.group) * looks + records.looks(interval_s)
    counts = np.bincount((cell * width + steps)[known], minlength=2 * groups * looks * width)
    return counts.reshape(2, groups, looks, width)


def _preceding_counts(baseline: Codes, past: int) -> Codes:
    """Values up to each step in at most `past` looks before each look, look × step."""
    running = np.cumsum(np.cumsum(baseline, axis=1), axis=0)
    before = np.zeros_like(running)
    before[1:] = running[:-1]
    before[past + 1 :] -= running[: max(len(running) - past - 1, 0)]
    return before


def _slower(hist: Codes, before: list[Codes], body: Codes, warm: int, window: int, step: float) -> Floats:
    """By what share the canary's ordinary requests were slower in the `window` looks before each look.

    The arms' mean logarithms are compared within each look and class, all values clipped to the middle four
    fifths of the baseline's preceding ones, which keep four fifths of a small shift. 0 for too few requests.
    """
    looks, width = hist.shape[2:]
    surplus, served = np.zeros(looks), np.zeros(looks)
    for baseline, canary, reference, ends in zip(hist[0], hist[1], before, body, strict=True):
        clipped = np.clip(np.arange(width), ends[:, :1], ends[:, 1:])
        n_b, n_c = baseline.sum(axis=1), canary.sum(axis=1)
        counted = (reference[:, -1] > 0) & (n_b > 0)
        counted[:warm] = False
        mean_b = (baseline * clipped).sum(axis=1) / np.maximum(n_b, 1)
        surplus += np.where(counted, (canary * clipped).sum(axis=1) - n_c * mean_b, 0.0)
        served += np.where(counted, n_c, 0)
    n = preceding(served, max(window, 1))
    shift = step * preceding(surplus, max(window, 1)) / np.maximum(n, 1.0) / float(np.ptp(BODY))
    return np.where(n >= FOLLOWED_REQUESTS, np.expm1(np.clip(shift, -1.0, 1.0)), 0.0)


def _place(before: Codes, levels: Floats) -> Codes:
    """The step at which the preceding values reach each level, look × level."""
    wanted = levels * before[:, -1:] - 1e-9
    return np.stack([np.searchsorted(row, want) for row, want in zip(before, wanted, strict=True)])


def _exceedance(
    baseline: Codes, canary: Codes, threshold: Codes, active: Flags, shift: Codes
) -> tuple[Counts, Counts, Counts, Counts]:
    """Slow and all requests of canary and baseline, look × level; the canary's limit is `shift` higher."""
    width = baseline.shape[1]
    allowed = np.maximum.accumulate(threshold + shift, axis=1)
    result = []
    for hist, limit in ((canary, allowed), (baseline, threshold)):
        upto = np.cumsum(hist, axis=1)
        everything = upto[:, -1:]
        over = everything - np.take_along_axis(upto, np.minimum(limit, width - 1), axis=1)
        result += [
            np.where(active, over, 0).astype(np.float64),
            np.where(active, everything, 0).astype(np.float64),
        ]
    return result[0], result[1], result[2], result[3]


def _shift(margins: Floats, step: float) -> Codes:
    return np.asarray(np.ceil(np.log1p(margins) / step - 1e-9), dtype=np.int64)


def _warm_from(baseline: Codes, canary: Codes, interval_s: float, warmup: Warmup) -> int:
    """First look that counts, by the rule of `Warmup`; looks without requests prolong nothing."""
    looks = len(canary)
    n_c, n_b = canary.sum(axis=1), baseline.sum(axis=1)
    started = np.flatnonzero(n_c)
    if not len(started):
        return looks
    first = int(started[0])
    earliest = first + math.ceil(warmup.min_s / interval_s - 1e-9)
    latest = first + math.ceil(warmup.max_s / interval_s - 1e-9)
    middle = (np.cumsum(baseline, axis=1) < n_b[:, None] / 2).sum(axis=1)
    above = np.array([canary[i, m + 1 :].sum() for i, m in enumerate(middle)])
    seen = over = 0.0
    for look in range(first, min(latest, looks)):
        if n_b[look]:
            seen, over = seen + n_c[look], over + above[look]
        if seen >= SETTLING_REQUESTS:
            if look + 1 >= earliest and over <= warmup.settled_share * seen:
                return look + 1
            seen = over = 0.0
    return max(latest, earliest)


def tally_growth(records: Records, rule: MemoryGuardrail, looks: int, interval_s: float) -> Tally:
    """For each arm and look whether memory passed its high-water mark by more than the rule allows.

    A look counts when both arms have a value in it. The first value of an arm sets its mark.
    """
    arms = [
        growth_by_look(records, records.canary == arm, rule.growth, looks, interval_s)
        for arm in (False, True)
    ]
    grown, present = (np.stack(column, axis=1) for column in zip(*arms, strict=True))
    both = present.all(axis=1, keepdims=True)
    k, n = np.where(both, grown, 0.0)[:, None, :], np.where(both, 1.0, 0.0)[:, None, :]
    return Tally(k[..., 1:], n, k[..., :1], n, expected=np.array(0.03), prior_weight=30.0)


def growth_by_look(
    records: Records, counted: Flags, growth: float, looks: int, interval_s: float
) -> tuple[Counts, Counts]:
    """By look: 1 where the `counted` memory passed its high-water mark by `growth`, and 1 where it could.

    The first value sets the mark and can pass nothing.
    """
    memory, look = records.column("memory_bytes"), records.looks(interval_s)
    known = counted & ~np.isnan(memory)
    grown, present = np.zeros(looks), np.zeros(looks)
    mark = math.nan
    for i in np.unique(look[known]):
        value = float(np.median(memory[known & (look == i)]))
        present[i] = not math.isnan(mark)
        if math.isnan(mark) or value > mark * (1 + growth):
            grown[i] = present[i]
            mark = value
    return grown, present


COST_QUANTILE, HEADROOM = 0.999, 2.0
"""Costs and κ are bounded by twice this quantile and twice κ, both of the baseline's first look."""


def tally_cost(
    records: Records, rule: CostGuardrail, looks: int, interval_s: float, reference_s: float
) -> tuple[Tally, float]:
    """Sums of what each request cost beyond what it was worth, in [0, 1], by look and class.

    A request's worth is κ if it succeeded and 0 otherwise, with κ the baseline's cost per success over the
    preceding minutes, for the canary κ(1 + margin). A canary whose cost per success is at most the baseline's
    plus the margin has no larger mean. Before the first success of the baseline nothing is counted.
    Also returns what the harm to be excluded adds to the mean.
    """
    cost = records.column("cost_usd")
    look, baseline = records.looks(interval_s), ~np.isnan(cost) & ~records.canary
    spent = np.bincount(look[baseline], cost[baseline], minlength=looks).astype(np.float64)
    won = np.bincount(look[baseline & records.ok], minlength=looks).astype(np.float64)
    past = past_looks(reference_s, interval_s, looks)
    worth = preceding(spent, past) / np.maximum(preceding(won, past), 1.0)
    priced = np.flatnonzero(worth > 0)
    if not len(priced):
        nothing = np.full(len(records), np.nan)
        return tally_values(records, nothing, 0.5, 1.0, looks=looks, interval_s=interval_s), rule.harm
    first = priced[0]
    cap = HEADROOM * float(np.quantile(cost[baseline & (look < first)], COST_QUANTILE))
    most = HEADROOM * float(worth[first]) * (1 + rule.margin)
    allowed = np.minimum(worth[look] * np.where(records.canary, 1 + rule.margin, 1.0), most) * records.ok
    loss = (np.minimum(cost, cap) - allowed + most) / (cap + most)
    counted = np.where(worth[look] > 0, loss, np.nan)
    tally = tally_values(records, counted, most / (cap + most), 100.0, looks=looks, interval_s=interval_s)
    return tally, min(rule.harm * float(worth[first]) / (cap + most), 0.9)


def past_looks(reference_s: float, interval_s: float, looks: int) -> int:
    """How many looks the reference spans: at least one."""
    return max(math.ceil(min(reference_s / interval_s, looks)), 1)


def preceding(by_look: npt.NDArray[Any], past: int) -> Floats:
    """Sums over at most `past` looks before each (the first axis)."""
    running = np.concatenate([np.zeros_like(by_look[:1]), np.cumsum(by_look, axis=0)])
    ends = np.arange(len(by_look))
    return np.asarray(running[ends] - running[np.maximum(ends - past, 0)], dtype=np.float64)
