"""The qualitative criteria, computed from the catalogue and the portfolio; nothing is typed in per option.

Each is a mean of components from 0 to 1. An unknown component counts as its worst in the value and opens
the interval to its best; its evidence tells which rows were counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from acceltrial.catalog.software import Share
from acceltrial.cost.offers import Offer
from stages.score.figures import Given
from stages.score.params import ScoreParams
from stages.score.support import DEAD, SUPPORT, last_day, support_of
from stages.score.world import Option, Row, Workload, World

RUNTIMES_ENOUGH: Final = 8
"""More runtimes than any accelerator of the catalogue has on the day it was written."""
LIFE_YEARS: Final = 8
"""A device counts as new in its first year and as worth nothing for growth after eight: support for
V100-class devices (2018) ended in the driver branches that followed their eighth year."""
SUPPORT_YEARS: Final = 3
"""Three years are the longest that a driver branch is supported (NVIDIA's long-term branches)."""
PLACES: Final = 6
"""Six places (provider and region) that offer it let capacity grow without waiting for one of them."""
FORMATS: Final = 3
PORTABLE_ENOUGH: Final = 4
"""Four portable runtimes leave no worry about the software."""
VENDORS_ENOUGH: Final = 3
"""Three other vendors that take the same files leave no worry about the artefact."""
FULL_PRECISION: Final = ("fp32", "tf32", "bf16", "fp16")


class Part(NamedTuple):
    """A component of a criterion, 0 to 1, with what it was counted from; `low` < `high` where unknown."""

    name: str
    low: float
    high: float
    told: str

    @property
    def known(self) -> bool:
        """Whether anything is known of it."""
        return (self.low, self.high) != (0.0, 1.0)


def ecosystem(world: World, workload: Workload, option: Option) -> Given:
    """How mature the software is: 0 to 1.

    Mean of: runtimes of 8; for models that the matrices speak of, the documented share of the features and
    of the low-precision formats that matter to them, and 1 less the untested share; releases a year of 4.
    """
    names, families = _runtimes(world, option), _families(world, option)
    count = _share(len(names) / RUNTIMES_ENOUGH)
    frameworks = Part("runtimes", count, count, f"{len(names)}: {', '.join(names)}")
    parts = [frameworks if names else Part("runtimes", 0.0, 1.0, "none is listed")]
    software, models = world.software, str(workload.bucket.get("family") or "")
    if not workload.training and software.matters(models):
        parts += [
            _part("features", software.features_of(models, families)),
            _part("formats", software.formats_of(models, families)),
            _part("tested", software.tested_of(families)),
        ]
    parts.append(_part("releases", software.cadence_of(families)))
    return _mean(parts, option, "the catalogue lists neither runtimes, features nor releases of it")


def lock_in(world: World, option: Option, params: ScoreParams) -> Given:
    """The risk of lock-in: 0 to 1.

    Mean of: 1 ÷ suppliers; 1 - portable runtimes ÷ 4; 1 - other vendors that take the deployed files ÷ 3.
    Suppliers are the providers that have a price for the accelerator or that the catalogue names
    as selling it; for a target whose accelerator is not in the catalogue, those of its class.
    """
    suppliers, names = _suppliers(world, option), _runtimes(world, option)
    supply = 1 / len(suppliers) if suppliers else 0.0
    portable = [name for name in names if name.startswith(params.portable_runtimes)]
    software = 1 - _share(len(portable) / PORTABLE_ENOUGH)
    parts = [
        Part("suppliers", supply, supply, f"{len(suppliers)}: {', '.join(suppliers)}")
        if suppliers
        else Part("suppliers", 0.0, 1.0, "unknown"),
        Part("runtimes", software, software, f"{len(portable)} portable of {len(names)}")
        if names
        else Part("runtimes", 0.0, 1.0, "none is listed"),
        _artefact(world, option, params, bool(portable)),
    ]
    return _mean(parts, option, "neither suppliers, runtimes nor the artefact are known", risk=True)


def scalability(world: World, option: Option, today: date) -> Given:
    """Room to grow: 0 to 1.

    Mean of: years of life left of 8, years of support left of 3, memory to spare (of what is needed),
    places that offer it of 6, and low-precision formats of 3.
    """
    row, facts = option.row, option.accelerator
    released, required = facts.get("year"), row["memory_required_gb"]
    room = row["memory_available_gb"] / required - 1 if required and row["memory_available_gb"] else None
    places = {(offer.provider, offer.region) for offer in _offers(world, option)}
    formats = [part for part in (facts.get("quantisation") or "").split("|") if part.strip()]
    parts = [
        _counted("age", None if released is None else 1 - _share((today.year - released) / LIFE_YEARS),
                 f"of {released}"),
        _support(world, option, today),
        _counted("memory to spare", room, "" if room is None else f"{room:.0%} of what is needed"),
        _counted("places", len(places) / PLACES if places else None, f"{len(places)}"),
        _counted("formats", len(formats) / FORMATS if formats else None, ", ".join(formats)),
    ]  # fmt: skip
    return _mean(parts, option, "neither age, support, memory, offers nor formats are known")


def vendor_only(option: Option, params: ScoreParams) -> bool:
    """Whether the catalogue lists runtimes for it and each is its vendor's own."""
    names = [name.strip() for name in (option.accelerator.get("runtimes") or "").split("|") if name.strip()]
    return bool(names) and not any(name.startswith(params.portable_runtimes) for name in names)


def _artefact(world: World, option: Option, params: ScoreParams, portable: bool) -> Part:
    """The risk that the deployed files run nowhere else."""
    precision, own = str(option.row["precision"]), str(option.accelerator.get("vendor") or "")
    backend = world.software.compilers.get(option.family)
    if backend:
        return Part("artefact", 1.0, 1.0, f"compiled by {backend} for this family alone")
    if vendor_only(option, params):
        return Part("artefact", 1.0, 1.0, "made by its vendor's toolchain alone")
    if not portable:
        return Part("artefact", 0.0, 1.0, "unknown")
    vendors = _vendors(world, precision, params)
    if vendors is None:
        return Part("artefact", 0.0, 1.0, f"no matrix says who takes {precision} files")
    others = [name for name in vendors if name != own]
    risk = 1 - _share(len(others) / VENDORS_ENOUGH)
    return Part("artefact", risk, risk, f"{precision} files run on {len(others)} other vendors' hardware")


def _vendors(world: World, precision: str, params: ScoreParams) -> list[str] | None:
    """Vendors that take the precision's files: documented, or at full precision any portable runtime's."""
    key = ("vendors", precision)
    if key not in world.memo:
        if precision in FULL_PRECISION:
            runs = [
                row for row in world.accelerators
                if any(name.strip().startswith(params.portable_runtimes)
                       for name in (row.get("runtimes") or "").split("|"))
            ]  # fmt: skip
            world.memo[key] = sorted({str(row["vendor"]) for row in runs})
        else:
            found = world.software.vendors_of(precision, world.accelerators)
            world.memo[key] = ["?"] if found is None else found
    return None if world.memo[key] == ["?"] else world.memo[key]


def _support(world: World, option: Option, today: date) -> Part:
    row = support_of(option.family, world.support)
    if row is None:
        return Part("support", 0.0, 1.0, "no end of support known")
    told = f"{row['item']}, {row['stage'].replace('_', ' ')}"
    ends = last_day(row["ends"], SUPPORT)
    if row["stage"] in DEAD:
        return Part("support", 0.0, 0.0, told)
    if ends is None:
        return Part("support", 0.0, 1.0, f"{told}, no end is announced")
    left = _share((ends - today).days / 365.25 / SUPPORT_YEARS)
    return Part("support", left, left, f"{told} until {ends}")


def _part(name: str, share: Share) -> Part:
    return Part(name, share.low, share.high, share.told)


def _counted(name: str, value: float | None, told: str) -> Part:
    if value is None:
        return Part(name, 0.0, 1.0, "unknown")
    return Part(name, _share(value), _share(value), told)


def _mean(parts: Sequence[Part], option: Option, nothing: str, *, risk: bool = False) -> Given:
    """The mean of the components; the value takes the unknown ones at their worst."""
    if not any(part.known for part in parts):
        return Given(reason=nothing)
    low, high = (sum(ends) / len(parts) for ends in zip(*(part[1:3] for part in parts), strict=True))
    told = "; ".join(
        f"{part.name} {part.low:.2f}" + (f"–{part.high:.2f}" if part.low < part.high else "")
        + (f" ({part.told})" if part.told else "")
        for part in parts
    )  # fmt: skip
    return Given(high if risk else low, low, high, _grade(option), told)


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
        entries = ";".join((row.get("availability") or "").replace(",", ";") for row in _rows(world, option))
        named = {entry.strip().split(" ")[0].lower() for entry in entries.split(";")}
        world.memo[key] = sorted(found | (named & world.providers))
    return world.memo[key]


def _runtimes(world: World, option: Option) -> list[str]:
    """Runtimes that the catalogue lists for the device, else its class, else engines seen on the device."""
    key = ("runtimes", option.device)
    if key not in world.memo:
        engines = set()
        if not option.accelerator and option.is_target:
            engines = {str(row["kind"]) for row in world.targets if row["device"] == option.target["device"]}
        listed = {
            name.strip() for row in _rows(world, option) for name in (row.get("runtimes") or "").split("|")
        }
        world.memo[key] = sorted(listed - {""}) or sorted(engines)
    return world.memo[key]


def _families(world: World, option: Option) -> list[str]:
    """The device's family; those of its class for a target whose accelerator the catalogue does not name."""
    key = ("families", option.device)
    if key not in world.memo:
        world.memo[key] = sorted({str(row["family"]) for row in _rows(world, option) if row.get("family")})
    return world.memo[key]


def _rows(world: World, option: Option) -> list[Row]:
    """The catalogue's row of the device; of its class for a target that the catalogue does not name."""
    if option.accelerator or not option.is_target:
        return [option.accelerator]
    return world.of_class(option.accelerator_class)


def _grade(option: Option) -> str:
    return "published" if option.accelerator else "declared"


def _share(value: float) -> float:
    return float(min(1.0, max(0.0, value)))
