"""The qualitative criteria, computed from the catalogue and the portfolio; nothing is typed in per option.

An unknown component counts as its worst in the value and opens the interval to its best.
"""

from __future__ import annotations

import math

from acceltrial.cost.offers import Offer
from stages.score.costing import Costing
from stages.score.figures import Given
from stages.score.params import ScoreParams
from stages.score.world import Option, World

LIFE_YEARS = 8
"""A device counts as new in its first year and as worth nothing for growth after eight: support for
V100-class devices (2018) ended in the driver branches that followed their eighth year."""
PLACES = 6
"""Six places (provider and region) that offer it let capacity grow without waiting for one of them."""
PORTABLE_ENOUGH = 4
"""Four portable runtimes leave no worry about the software."""


def ecosystem(world: World, option: Option) -> Given:
    """How many runtimes run on it: listed in the catalogue, or engines of targets on the same device."""
    names = _runtimes(world, option)
    if not names:
        return Given(reason="the catalogue lists no runtime for it")
    count = float(len(names))
    return Given(count, count, count, _grade(option), f"{len(names)} runtimes: {', '.join(names)}")


def lock_in(world: World, option: Option, params: ScoreParams) -> Given:
    """Mean of two risks from 0 to 1: 1 ÷ suppliers, and 1 - portable runtimes ÷ 4 (at least 0).

    Suppliers are the providers that have a price for the accelerator or that the catalogue names
    as selling it; for a target whose accelerator is not in the catalogue, those of its class.
    """
    suppliers = _suppliers(world, option)
    names = _runtimes(world, option)
    portable = [name for name in names if name.startswith(params.portable_runtimes)]
    supply = (1 / len(suppliers), 1 / len(suppliers)) if suppliers else (1.0, 0.0)
    software = 1 - min(1.0, len(portable) / PORTABLE_ENOUGH)
    soft = (software, software) if names else (1.0, 0.0)
    worst, best = (supply[0] + soft[0]) / 2, (supply[1] + soft[1]) / 2
    told = f"{len(suppliers)} suppliers" if suppliers else "suppliers unknown"
    told += f", {len(portable)} portable of {len(names)} runtimes" if names else ", runtimes unknown"
    return Given(worst, best, worst, _grade(option), told)


def operations(option: Option, costing: Costing, new_class: bool, params: ScoreParams) -> Given:
    """Points of operational complexity.

    log2(1 + devices), + 2 for a class not run yet, + 1 each for several devices a replica, for
    hardware that one operates oneself, and for needing a compiler of its vendor only.
    """
    replicas = costing.central.get("replicas", 1.0)
    known = costing.known and not math.isnan(replicas)
    devices = option.row["count"] * (replicas if known else 1.0)
    own = costing.offer is not None and costing.offer.environment in ("private", "edge", "local")
    names = [name.strip() for name in (option.accelerator.get("runtimes") or "").split("|") if name.strip()]
    vendor_only = bool(names) and not any(name.startswith(params.portable_runtimes) for name in names)
    several = option.row["count"] > 1
    parts = {
        f"log2(1 + {devices:g} devices)": math.log2(1 + devices),
        "class not run here yet": 2.0 * new_class,
        "several devices a replica": float(several),
        "operated by ourselves": float(own),
        "vendor's compiler only": float(vendor_only),
    }
    value = sum(parts.values())
    told = " + ".join(name for name, points in parts.items() if points)
    if not known:
        return Given(value, value, value + 5, "predicted", f"{told}; number of replicas unknown")
    grade = "predicted" if costing.grade == "declared" else costing.grade
    return Given(value, value, value, grade, told)


def scalability(world: World, option: Option, year: int) -> Given:
    """Mean of four shares from 0 to 1.

    Years of life left of 8, memory to spare (of what is needed), places that offer it of 6, and
    low-precision formats of 3.
    """
    row, facts = option.row, option.accelerator
    room = None
    if row["memory_required_gb"] and row["memory_available_gb"]:
        room = _share(row["memory_available_gb"] / row["memory_required_gb"] - 1)
    released = facts.get("year")
    places = {(offer.provider, offer.region) for offer in _offers(world, option)}
    formats = [part for part in (facts.get("quantisation") or "").split("|") if part.strip()]
    parts = {
        "age": None if released is None else 1 - _share((year - released) / LIFE_YEARS),
        "memory to spare": room,
        "places that offer it": _share(len(places) / PLACES) if places else None,
        "low-precision formats": _share(len(formats) / 3) if formats else None,
    }
    if all(part is None for part in parts.values()):
        return Given(reason="neither age, memory, offers nor formats are known")
    low = sum(part or 0.0 for part in parts.values()) / len(parts)
    high = sum(1.0 if part is None else part for part in parts.values()) / len(parts)
    told = ", ".join(f"{name} {'unknown' if part is None else f'{part:.2f}'}" for name, part in parts.items())
    return Given(low, low, high, _grade(option), told)


def _offers(world: World, option: Option) -> list[Offer]:
    """Offers of the accelerator; of its class for a target whose accelerator the catalogue does not name."""
    if option.accelerator or not option.is_target:
        return world.offers.get(option.row["accelerator"] or "", [])
    return world.offers_by_class.get(option.accelerator_class, [])


def _suppliers(world: World, option: Option) -> list[str]:
    """Providers with a price, and known providers that an entry of `availability` starts with."""
    key = ("suppliers", option.device)
    if key not in world.memo:
        found = {offer.provider for offer in _offers(world, option)}
        rows = [option.accelerator] if option.accelerator else world.of_class(option.accelerator_class)
        entries = ";".join((row.get("availability") or "").replace(",", ";") for row in rows).split(";")
        named = {entry.strip().split(" ")[0].lower() for entry in entries}
        world.memo[key] = sorted(found | (named & world.providers))
    return world.memo[key]


def _runtimes(world: World, option: Option) -> list[str]:
    """Runtimes that the catalogue lists for the device, else its class, else engines seen on the device."""
    key = ("runtimes", option.device)
    if key not in world.memo:
        rows, engines = [option.accelerator], set()
        if not option.accelerator and option.is_target:
            rows = world.of_class(option.accelerator_class)
            engines = {str(row["kind"]) for row in world.targets if row["device"] == option.target["device"]}
        listed = {name.strip() for row in rows for name in (row.get("runtimes") or "").split("|")}
        world.memo[key] = sorted(listed - {""}) or sorted(engines)
    return world.memo[key]


def _grade(option: Option) -> str:
    return "published" if option.accelerator else "declared"


def _share(value: float) -> float:
    return float(min(1.0, max(0.0, value)))
