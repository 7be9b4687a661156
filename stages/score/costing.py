"""The month's cost of each option, with draws carried through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from acceltrial.cost.month import Service, Terms, monthly, training_month
from acceltrial.cost.offers import Offer, cheapest
from acceltrial.cost.ownership import Assumption
from acceltrial.cost.success import Floats
from acceltrial.decide.draws import between, keyed_rng
from acceltrial.evidence import Grade, weakest_grade
from stages.score.admission import Admission
from stages.score.figures import Given
from stages.score.params import ScoreParams
from stages.score.service import Figures
from stages.score.world import Option, Workload

INFERENCE_UNIT = "usd_per_1k_successful_actions"
TRAINING_UNIT = "usd_per_trained_step"


@dataclass(frozen=True)
class Costing:
    """An option's cost figures and their draws, by metric.

    Attributes:
        offer: the price that was taken, or None.
        draws: empty for options with a veto.
        reason: why there is no cost, or an empty text.
        shares: share of the month's cost by grade of what it rests on.
    """

    offer: Offer | None
    central: Mapping[str, float]
    draws: Mapping[str, Floats]
    grade: str
    source: str
    date: datetime | None
    reason: str
    shares: Mapping[str, float]

    @property
    def known(self) -> bool:
        """Whether there is a cost."""
        return not self.reason


@dataclass(frozen=True)
class LineDraws:
    """Draws of what all options share, so that no option is lucky in them."""

    lines: Mapping[str, Floats]
    usd_per_kwh: Floats
    pue: Floats


def line_draws(params: ScoreParams) -> LineDraws:
    """The draws of the declared cost figures."""

    def drawn(name: str, given: Assumption) -> Floats:
        z = keyed_rng(params.seed, "cost-line", name).standard_normal(params.measurement_draws)
        return between(given.value, given.low, given.high, z, positive=True)

    return LineDraws(
        {name: drawn(name, line) for name, line in params.cost_lines.items()},
        drawn("usd_per_kwh", params.usd_per_kwh),
        drawn("pue", params.pue),
    )


def cost_of(
    workload: Workload,
    option: Option,
    figures: Figures,
    admission: Admission,
    params: ScoreParams,
    new_class: bool,
) -> Costing:
    """The option's cost at the cheapest of its allowed offers, without draws, or why it cannot be known."""
    rests_on = figures.step_time if workload.training else figures.capacity
    if admission.refusal or not rests_on.known:
        reason = admission.refusal or f"no cost without throughput: {rests_on.reason}"
        return Costing(None, {}, {}, "declared", "", None, reason, {})
    first = admission.allowed[0][0]
    found = figures_at(workload, option, figures, first, params, new_class, None)
    count = 1.0 if workload.training else float(found["replicas"])
    offer = cheapest(admission.allowed, replicas=count, accelerators_per_replica=float(option.row["count"]))
    assert offer is not None  # `allowed` is not empty when nothing was refused
    if offer.price_model == "owned" and not figures.watts.known:
        reason = f"power of owned hardware is ours to pay and unknown: {figures.watts.reason}"
        return Costing(offer, {}, {}, "declared", "", None, reason, {})
    if offer is not first:
        found = figures_at(workload, option, figures, offer, params, new_class, None)
    central = {name: float(value) for name, value in found.items()}
    provenance = _provenance(figures, rests_on, offer, params)
    return Costing(offer, central, {}, *provenance, "", _shares(central, rests_on, offer))


def with_draws(
    costing: Costing,
    workload: Workload,
    option: Option,
    figures: Figures,
    params: ScoreParams,
    shared: LineDraws,
    new_class: bool,
) -> Costing:
    """The same with draws of every metric, when there is a cost."""
    if not costing.known or costing.offer is None:
        return costing
    drawn = figures_at(workload, option, figures, costing.offer, params, new_class, shared)
    return replace(costing, draws=drawn)


class CostAt(NamedTuple):
    """The unit cost of an option's scorecard, the replicas that it takes (1 for training), and its costs."""

    usd_per_unit: float
    replicas: float
    costs: Mapping[str, Floats]
    offer: Offer


def cost_at(
    workload: Workload,
    option: Option,
    figures: Figures,
    offer: Offer,
    admission: Admission,
    params: ScoreParams,
    new_class: bool,
    *,
    price: float = 1.0,
    volume: float = 1.0,
) -> CostAt:
    """The cost at factors of the price and of the workload's volume, at the offer that is cheapest there.

    `offer` is today's: another one is taken only where the number of replicas makes it cheaper.
    """
    found = figures_at(workload, option, figures, offer, params, new_class, None, price, volume)
    count = 1.0 if workload.training else float(found["replicas"])
    best = cheapest(admission.allowed, replicas=count, accelerators_per_replica=float(option.row["count"]))
    if best is not None and best is not offer:
        offer = best
        found = figures_at(workload, option, figures, offer, params, new_class, None, price, volume)
    return CostAt(float(found[TRAINING_UNIT if workload.training else INFERENCE_UNIT]), count, found, offer)


def figures_at(
    workload: Workload,
    option: Option,
    figures: Figures,
    offer: Offer,
    params: ScoreParams,
    new_class: bool,
    shared: LineDraws | None,
    price: ArrayLike = 1.0,
    volume: float = 1.0,
) -> dict[str, Floats]:
    """All cost metrics; arrays of draws when `shared` is given, else central values."""

    def value(given: Given, name: str) -> Floats:
        if shared is None:
            return np.asarray(given.value)
        return given.draws(params.measurement_draws, params.seed, workload.id, option.id, name)

    def share(given: Given, name: str) -> Floats:
        return np.clip(value(given, name), 0.0, 1.0)

    terms = _terms(workload, option, offer, params, new_class, shared, price, volume)
    if workload.training:
        steps = (workload.row["training_steps_per_run"] or 1.0) * workload.row["actions_per_month"] * volume
        success = np.maximum(
            share(figures.correct, "correct") * (1 - share(figures.failure, "failure")), 1e-9
        )
        return training_month(
            steps,
            value(figures.step_time, "step_time"),
            figures.overhead,
            success,
            terms,
            value(figures.watts, "watts"),
        )
    service = Service(
        capacity_rps=value(figures.capacity, "capacity"),
        failure_rate=share(figures.failure, "failure"),
        on_time_share=share(figures.on_time, "on_time"),
        correct_share=share(figures.correct, "correct"),
        watts=value(figures.watts, "watts"),
    )
    return monthly(workload.demand(params, volume), service, terms)


def _terms(
    workload: Workload,
    option: Option,
    offer: Offer,
    params: ScoreParams,
    new_class: bool,
    shared: LineDraws | None,
    price: ArrayLike,
    volume: float,
) -> Terms:
    compounding = workload.row["kind"] in params.compounding_kinds
    tokens = workload.profile.get("output_tokens_mean")
    owned = offer.price_model == "owned"
    requests = workload.row["actions_per_month"] * workload.row["requests_per_action"] * volume
    leaves = requests * (tokens or 0.0) if offer.environment == "public_cloud" else 0.0
    lines = {
        name: (line, line.value if shared is None else shared.lines[name])
        for name, line in params.cost_lines.items()
    }
    return Terms(
        usd_per_accelerator_hour=offer.usd_per_accelerator_hour * np.asarray(price),
        accelerators_per_replica=float(option.row["count"]),
        accelerators_per_instance=offer.accelerators_per_instance,
        headroom=params.headroom[workload.criticality],
        minimum_replicas=params.minimum_replicas[workload.criticality],
        spares=params.spares[workload.criticality],
        max_retries=params.max_retries,
        requests_per_action=workload.row["requests_per_action"],
        compounds=compounding,
        output_tokens=tokens or None,
        # About four bytes of text a token, tripled by the framing of a streamed answer.
        gb_out=leaves * 12 / 1e9,
        horizon_months=params.horizon_months,
        pays_power=owned,
        scales_to_zero=offer.environment == "public_cloud" and offer.price_model in ("on_demand", "spot"),
        new_class=new_class,
        usd_per_kwh=params.usd_per_kwh.value if shared is None else shared.usd_per_kwh,
        pue=params.pue.value if shared is None else shared.pue,
        lines=lines,
    )


def _provenance(
    figures: Figures, rests_on: Given, offer: Offer, params: ScoreParams
) -> tuple[str, str, datetime | None]:
    grades = [
        Grade(rests_on.grade),
        Grade(offer.grade),
        Grade(figures.failure.grade),
        Grade(figures.correct.grade),
    ]
    if params.cost_lines:
        grades.append(Grade.DECLARED)
    price = f"{offer.usd_per_accelerator_hour:.4g} USD an accelerator and hour"
    source = (
        f"{price} ({offer.price_model}, {offer.provider} {offer.region}, as of {offer.as_of}: {offer.source})"
        f"; {rests_on.source}; 95 % interval from {params.measurement_draws} draws (seed {params.seed})"
    )
    dates = [g.date for g in (rests_on, figures.failure, figures.correct) if g.date is not None]
    return weakest_grade(grades).value, source, max(dates, default=_date(offer.as_of))


def _shares(central: Mapping[str, float], rests_on: Given, offer: Offer) -> dict[str, float]:
    """The month's cost by grade: compute is as good as speed and price, every other line is declared."""
    total = central["usd_per_month"]
    if not total > 0:
        return {}
    compute = central["usd_per_month_compute"] / total
    grade = weakest_grade([Grade(rests_on.grade), Grade(offer.grade)]).value
    shares = {grade: compute}
    shares["declared"] = shares.get("declared", 0.0) + 1 - compute
    return shares


def _date(text: str) -> datetime | None:
    for pattern in ("%Y-%m-%d", "%Y-%m", "%Y"):
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
