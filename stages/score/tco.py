"""Total cost of ownership over the horizon, line by line, for each way to pay for the leading options."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from acceltrial.cost.offers import Offer, resides
from acceltrial.cost.ownership import Assumption, owned_parts_usd_month
from acceltrial.cost.success import Floats
from acceltrial.decide.draws import between, interval, keyed_rng
from acceltrial.units import HOURS_PER_MONTH
from stages.score.choice import Case, Choice
from stages.score.costing import LineDraws, figures_at, line_draws
from stages.score.params import ScoreParams
from stages.score.placing import fallback_of
from stages.score.world import World, target_offer

_PREFIX = "usd_per_month_"


@dataclass(frozen=True)
class _Line:
    """One line over the horizon: central value and draws, and where it comes from."""

    usd: float
    draws: Floats
    grade: str
    source: str
    as_of: str


def tco_rows(choices: list[Choice], world: World, params: ScoreParams) -> list[dict[str, Any]]:
    """The rows of Tco for each workload's leading options, its fallback and its targets without veto."""
    shared = line_draws(params)
    rows: list[dict[str, Any]] = []
    for choice in choices:
        for case in _leading(choice, params):
            for offer, allowed in _variants(choice, case, world, params):
                rows.extend(_rows(choice, case, offer, allowed, params, shared))
    return rows


def _leading(choice: Choice, params: ScoreParams) -> list[Case]:
    fallback, _ = fallback_of(choice)
    ranked = [choice.kept[i] for i in choice.order]
    rest = [c for c in ranked[params.tco_options :] if c.option.id == fallback or c.option.is_target]
    return [*ranked[: params.tco_options], *rest]


def _variants(choice: Choice, case: Case, world: World, params: ScoreParams) -> Iterator[tuple[Offer, bool]]:
    """The cheapest offer of each way to pay, an allowed one first; owned where a price is known."""
    own = target_offer(case.option)
    offers = [own] if own else world.offers.get(case.option.row["accelerator"] or "", [])
    allowed = {offer.offer for offer, _ in case.admission.allowed}
    home = choice.workload.row["residency"]
    best: dict[str, Offer] = {}
    for offer in sorted(offers, key=lambda o: (o.offer not in allowed, o.usd_per_accelerator_hour, o.offer)):
        best.setdefault(offer.price_model, offer)
    for model in sorted(best):
        yield best[model], best[model].offer in allowed
    price = params.purchase_usd.get(str(case.option.row["accelerator"]))
    if price is not None and "owned" not in best:
        yield _own(case, price, home, params), resides(home, home)


def _own(case: Case, price: Assumption, home: str, params: ScoreParams) -> Offer:
    whole = price.value * (1 + params.owned_host_share.value)
    parts = owned_parts_usd_month(
        whole, params.owned_residual_share.value, params.owned_years, params.capital_rate.value
    )
    return Offer(
        offer=f"purchase_usd.{case.option.row['accelerator']}",
        accelerator=str(case.option.row["accelerator"]),
        provider="owned",
        region="own site",
        residency=home,
        environment="private",
        accelerators_per_instance=1.0,
        price_model="owned",
        usd_per_accelerator_hour=float(sum(parts)) / HOURS_PER_MONTH,
        grade="declared",
        source=f"{price.source}; {params.owned_years:g} years at {params.capital_rate.value:.0%} a year",
        as_of=price.as_of.isoformat(),
    )


def _rows(
    choice: Choice, case: Case, offer: Offer, allowed: bool, params: ScoreParams, shared: LineDraws
) -> list[dict[str, Any]]:
    base = {
        "workload": choice.workload.id, "option": case.option.id, "variant": offer.price_model,
        "allowed": allowed,
    }  # fmt: skip
    lines, missing = _lines(choice, case, offer, params, shared)
    if any(math.isnan(line.usd) for line in lines.values()):
        reason = case.figures.watts.reason or "a figure is missing"
        return [_unknown(base, "total", f"unknown, for one of its lines is: {reason}", offer)]
    total = _Line(
        sum(line.usd for line in lines.values()),
        np.asarray(sum((line.draws for line in lines.values()), np.zeros(params.measurement_draws))),
        "declared" if len(lines) > 1 else offer.grade,
        f"sum of {len(lines)} lines over {params.horizon_months:g} months; 95 % interval from"
        f" {params.measurement_draws} draws of all of them together (seed {params.seed})",
        max(line.as_of for line in lines.values()),
    )
    rows = [_row(base, name, line, total.usd) for name, line in [*lines.items(), ("total", total)]]
    return rows + [_unknown(base, name, reason, offer) for name, reason in missing.items()]


def _lines(
    choice: Choice, case: Case, offer: Offer, params: ScoreParams, shared: LineDraws
) -> tuple[dict[str, _Line], dict[str, str]]:
    """The lines, and the reason by name for those that nobody knows and that stay out of the total."""
    given = (choice.workload, case.option, case.figures, offer, params, case.new_class)
    central, drawn = figures_at(*given, None), figures_at(*given, shared)
    horizon, lines = params.horizon_months, {}
    for metric, value in central.items():
        if not metric.startswith(_PREFIX):
            continue
        name = metric.removeprefix(_PREFIX)
        grade, source, as_of = _provenance(name, offer, params)
        draws = np.broadcast_to(drawn[metric], (params.measurement_draws,)) * horizon
        lines[name] = _Line(float(value) * horizon, draws, grade, source, as_of)
    if offer.offer.startswith("purchase_usd."):
        lines = {**_ownership(lines.pop("compute"), offer, params), **lines}
    missing = {}
    carbon = _carbon(case, central, drawn, params)
    if carbon is None:
        missing["carbon"] = f"power is unknown: {case.figures.watts.reason}; not in the total"
    else:
        lines["carbon"] = carbon
    return lines, missing


def _ownership(compute: _Line, offer: Offer, params: ScoreParams) -> dict[str, _Line]:
    """Compute split into amortisation and cost of capital, with their own draws."""
    price = params.purchase_usd[offer.accelerator]
    whole, residual, rate = price.value, params.owned_residual_share, params.capital_rate
    host = params.owned_host_share
    hourly = offer.usd_per_accelerator_hour * HOURS_PER_MONTH
    central = owned_parts_usd_month(whole * (1 + host.value), residual.value, params.owned_years, rate.value)
    drawn = owned_parts_usd_month(
        _drawn(price, f"purchase {offer.accelerator}", params) * (1 + _drawn(host, "host", params)),
        _drawn(residual, "residual", params),
        params.owned_years,
        _drawn(rate, "capital", params),
    )
    return {
        name: _Line(
            compute.usd * float(part) / hourly,
            compute.draws * draws / hourly,
            "declared",
            offer.source,
            offer.as_of,
        )
        for name, part, draws in zip(("amortisation", "cost_of_capital"), central, drawn, strict=True)
    }


def _carbon(
    case: Case, central: Mapping[str, Floats], drawn: Mapping[str, Floats], params: ScoreParams
) -> _Line | None:
    """USD of carbon: kWh × PUE × kg/kWh × USD/t, at the mean power of the hours paid for."""
    watts = case.figures.watts
    if not watts.known:
        return None
    kg, price, pue = params.carbon_kg_per_kwh, params.usd_per_tonne_co2, params.pue

    def hours(figures: Mapping[str, Floats]) -> Floats:
        name = "billed_replica_hours_per_month"
        return np.asarray(figures[name] if name in figures else figures["training_hours_per_month"])

    scale = params.horizon_months / 1000 / 1000  # W to kW, kg to t
    usd = float(watts.value * hours(central) * pue.value * kg.value * price.value * scale)
    draws = (
        watts.draws(params.measurement_draws, params.seed, case.option.id, "watts")
        * hours(drawn)
        * _drawn(pue, "pue", params)
        * _drawn(kg, "carbon", params)
        * _drawn(price, "carbon price", params)
        * scale
    )
    source = f"{watts.source}; {kg.value:g} kg CO2e a kWh ({kg.source}); {price.value:g} USD a tonne"
    source += f" ({price.source})"
    return _Line(
        usd, np.broadcast_to(draws, (params.measurement_draws,)), "declared", source, kg.as_of.isoformat()
    )


def _drawn(given: Assumption, name: str, params: ScoreParams) -> Floats:
    z = keyed_rng(params.seed, "tco", name).standard_normal(params.measurement_draws)
    return between(given.value, given.low, given.high, z, positive=True)


def _provenance(name: str, offer: Offer, params: ScoreParams) -> tuple[str, str, str]:
    if name == "compute":
        return (
            offer.grade,
            f"{offer.provider} {offer.region} {offer.price_model}: {offer.source}",
            offer.as_of,
        )
    if name == "power":
        price, pue = params.usd_per_kwh, params.pue
        source = f"{price.value:g} USD a kWh ({price.source}); PUE {pue.value:g} ({pue.source})"
        return "declared", source, price.as_of.isoformat()
    line = params.cost_lines[name]
    return "declared", f"{line.value:g} USD, {line.basis}: {line.source}", line.as_of.isoformat()


def _row(base: Mapping[str, Any], name: str, line: _Line, total: float) -> dict[str, Any]:
    low, high = interval(line.draws, line.usd)
    return {
        **base, "line": name, "usd": line.usd, "low": float(low), "high": float(high),
        "share": min(1.0, line.usd / total) if total > 0 else None, "grade": line.grade,
        "source": line.source, "as_of": line.as_of, "reason": "",
    }  # fmt: skip


def _unknown(base: Mapping[str, Any], name: str, reason: str, offer: Offer) -> dict[str, Any]:
    return {
        **base,
        "line": name,
        "grade": "declared",
        "source": offer.source,
        "as_of": offer.as_of,
        "reason": reason,
    }
