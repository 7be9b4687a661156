"""Which counts and which test each kind of guardrail takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from acceltrial.canary.evidence import (
    COST_EFFECTS,
    ERROR_EFFECTS,
    GROWTH_EFFECTS,
    Comparison,
    compare,
    share_blocks,
)
from acceltrial.canary.guardrails import (
    CostGuardrail,
    ErrorGuardrail,
    EventGuardrail,
    Guardrail,
    JudgeSettings,
    LatencyGuardrail,
    LengthGuardrail,
    MemoryGuardrail,
    QualityGuardrail,
    RankedGuardrail,
    Warmup,
)
from acceltrial.canary.ranks import ALTERNATIVE_WEIGHTS, rank_blocks, rank_scores
from acceltrial.canary.records import Floats, Records
from acceltrial.canary.tally import SlowTally, tally_cost, tally_growth, tally_slow, tally_values
from acceltrial.canary.witnesses import VALUE_SCORES, requests_per_witness, scored, value_bins
from acceltrial.stats.sequential import mixture

GROWTH_MARGIN, GROWTH_HARM = 0.05, 0.5
FAILURE_WEIGHT, QUALITY_WEIGHT = 100.0, 40.0
"""How many requests the expectation beforehand is worth."""
EMPTY_ANSWER = 0.5
"""Tokens for which an answer without any counts: fewer than every other."""
_BLOCK_S = 15.0
_LOOK_S = 60.0
MOST_AT_ONCE = 3.5
"""Evidence (nats) that one block may add: one pause is one witness, however many requests met it."""
_AT_ONCE = Warmup(min_s=0.0, max_s=0.0)


def compared_by(
    rule: Guardrail, records: Records, settings: JudgeSettings, looks: int
) -> tuple[Comparison, str]:
    """The comparison of the arms that `rule` asks for, and what is to be noted about its data."""
    interval, restart = settings.interval_s, settings.restart_looks
    if isinstance(rule, LatencyGuardrail):
        return _latency(rule, records, settings, looks)
    if isinstance(rule, LengthGuardrail):
        return _length(rule, records, settings, looks), ""
    if isinstance(rule, MemoryGuardrail):
        grown = tally_growth(records, rule, looks, interval)
        blocks = share_blocks(grown, GROWTH_MARGIN, GROWTH_EFFECTS)
        return compare(grown, blocks, GROWTH_EFFECTS.weights, restart_looks=restart, harm=GROWTH_HARM), ""
    if isinstance(rule, CostGuardrail):
        spent, harm = tally_cost(records, rule, looks, interval, settings.reference_s)
        blocks = share_blocks(spent, 0.0, COST_EFFECTS)
        return compare(spent, blocks, COST_EFFECTS.weights, restart_looks=restart, harm=harm), ""
    parts = _parts(interval)
    losses = _losses(rule, records)
    tally = tally_values(records, *losses, looks=looks * parts, interval_s=interval / parts)
    together = scored(records, ~np.isnan(losses[0]), interval, lambda i, *_: value_bins(losses[0][i]))
    witness = np.repeat(requests_per_witness(together, VALUE_SCORES, looks), parts, axis=0)
    blocks = _limited(share_blocks(tally, rule.margin, ERROR_EFFECTS) / witness, interval / parts, _BLOCK_S)
    found = compare(tally, blocks, ERROR_EFFECTS.weights, restart_looks=restart * parts, harm=rule.harm)
    return replace(found, harm=found.harm.reshape(looks, parts).max(axis=1)), ""


def _parts(interval_s: float) -> int:
    """Into how many blocks a look is split: evidence that crosses its bound within it counts at its end."""
    return 4 if interval_s >= 4 * _BLOCK_S else 2 if interval_s >= 2 * _BLOCK_S else 1


def _limited(blocks: Floats, block_s: float, usual_s: float) -> Floats:
    """Blocks of evidence without what exceeds the most that so much time may say. Less is valid, too."""
    return np.minimum(blocks, MOST_AT_ONCE * max(block_s / usual_s, 1.0))


def _losses(
    rule: ErrorGuardrail | QualityGuardrail | EventGuardrail, records: Records
) -> tuple[Floats, float, float]:
    """What counts against each request, in [0, 1]; its mean expected beforehand; what that is worth."""
    if isinstance(rule, QualityGuardrail):
        return 1 - records.column("quality"), 1 - rule.expected, QUALITY_WEIGHT
    if isinstance(rule, EventGuardrail):
        return records.column(rule.column), rule.expected_rate, FAILURE_WEIGHT
    return (~records.ok).astype(np.float64), rule.expected_rate, FAILURE_WEIGHT


def _latency(
    rule: LatencyGuardrail, records: Records, settings: JudgeSettings, looks: int
) -> tuple[Comparison, str]:
    slow = _ranked(records, records.column(rule.column), rule, settings, looks, settings.warmup)
    lost = slow.missing[1]
    note = f"{rule.name}: {lost:.1%} of the canary's values are missing" if lost > 0 else ""
    return _rank_comparison(slow, records, rule, settings), note


def _length(rule: LengthGuardrail, records: Records, settings: JudgeSettings, looks: int) -> Comparison:
    """Longer and shorter answers, each with half of the error budget."""
    tokens = records.column("output_tokens")
    sides = tokens, 1 / np.maximum(tokens, EMPTY_ANSWER)
    longer, shorter = (
        _rank_comparison(_ranked(records, side, rule, settings, looks, _AT_ONCE), records, rule, settings)
        for side in sides
    )
    worse = longer if longer.harm.max() >= shorter.harm.max() else shorter
    harm = mixture(np.stack([longer.harm, shorter.harm]), (0,))
    return replace(worse, harm=harm, safe=np.minimum(longer.safe, shorter.safe))


def _ranked(
    records: Records,
    values: Floats,
    rule: RankedGuardrail,
    settings: JudgeSettings,
    looks: int,
    warmup: Warmup,
) -> SlowTally:
    return tally_slow(
        records,
        values,
        rule,
        looks,
        interval_s=settings.interval_s,
        reference_s=settings.reference_s,
        warmup=warmup,
    )


def _rank_comparison(
    slow: SlowTally, records: Records, rule: RankedGuardrail, settings: JudgeSettings
) -> Comparison:
    looks = len(slow.tally.n_canary)
    together = scored(records, slow.known, settings.interval_s, slow.bins)
    witness = requests_per_witness(together, rank_scores(rule.levels), looks)
    return compare(
        slow.tally.below(rule.proof_levels),
        _limited(rank_blocks(slow.tally) / witness, settings.interval_s, _LOOK_S),
        ALTERNATIVE_WEIGHTS,
        restart_looks=settings.restart_looks,
        harm_odds=rule.harm_odds,
    )
