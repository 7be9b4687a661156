"""What a team may declare beside its workloads: overrides of criteria, evidence for gates, private offers.

Everything in these files has a name, a reason or source, and a day after which it no longer counts.
"""

from __future__ import annotations

from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import BeforeValidator, Field, model_validator

from acceltrial.portfolio.document import read_document
from acceltrial.portfolio.section import AsOf, Name, Region, Section, Text
from acceltrial.portfolio.validation import validate

GATES: Final = (
    "driver_patching", "firmware_patching", "image_signing", "secrets", "tenant_isolation", "supply_chain",
    "support_end",
)  # fmt: skip


def _day(value: Any) -> Any:
    """A date from its ISO text; pydantic tells anything else."""
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ValueError("write a day such as 2027-01-31") from error


Day = Annotated[date, BeforeValidator(_day)]
_NUMBER = BeforeValidator(lambda given: float(given) if type(given) is int else given)
Amount = Annotated[float, Field(ge=0, le=1e6), _NUMBER]


class Override(Section):
    """One qualitative criterion of some options, set by a person; what was measured cannot be set.

    Attributes:
        workload, option, accelerator: shell patterns; without one it holds for all.
        value: in the criterion's own unit; `low` and `high` where the person is not sure.
    """

    criterion: Literal["ecosystem_maturity", "lock_in_risk", "operational_complexity", "future_scalability"]
    workload: Text = "*"
    option: Text = "*"
    accelerator: Text = "*"
    value: Amount
    low: Amount | None = None
    high: Amount | None = None
    by: Text
    reason: Text
    expires: Day

    @model_validator(mode="after")
    def _narrow(self) -> Self:
        if self.option == "*" and self.accelerator == "*":
            raise ValueError(
                "an override names an option or an accelerator; for all options change the bounds"
            )
        ends = [self.value if end is None else end for end in (self.low, self.high)]
        if not ends[0] <= self.value <= ends[1]:
            raise ValueError("low ≤ value ≤ high is broken")
        return self

    def holds_for(self, workload: str, option: str, accelerator: str) -> bool:
        """Whether it is about this option of this workload."""
        pairs = ((workload, self.workload), (option, self.option), (accelerator, self.accelerator))
        return all(fnmatchcase(name, pattern) for name, pattern in pairs)


class Proof(Section):
    """Evidence that a security gate is passed, or was failed, where the patterns match."""

    gate: Literal[
        "driver_patching", "firmware_patching", "image_signing", "secrets", "tenant_isolation",
        "supply_chain", "support_end",
    ]  # fmt: skip
    workload: Text = "*"
    accelerator: Text = "*"
    environment: Text = "*"
    provider: Text = "*"
    passed: bool = True
    evidence: Text
    by: Text
    checked: Day
    expires: Day

    @model_validator(mode="after")
    def _lasting(self) -> Self:
        if self.expires <= self.checked:
            raise ValueError("evidence must expire after the day on which it was checked")
        return self


class PrivateOffer(Section):
    """A price that the team was offered or has committed to. It replaces list prices of the same kind.

    Attributes:
        offer: a name of its own.
        expires: the last day on which it holds.
    """

    offer: Name
    accelerator: Name
    provider: Name
    region: Name
    residency: Region
    environment: Literal["public_cloud", "private", "edge"]
    price_model: Literal["on_demand", "reserved", "spot", "owned"]
    usd_per_accelerator_hour: Annotated[float, Field(gt=0, le=1e6), _NUMBER]
    accelerators_per_instance: Annotated[int, Field(ge=1, le=4096)] = 1
    instance_type: Text | None = None
    source: Text
    as_of: AsOf
    expires: Day


class Overrides(Section):
    """overrides.yaml."""

    overrides: list[Override] = Field(default_factory=list)


class Governance(Section):
    """governance.yaml."""

    evidence: list[Proof] = Field(default_factory=list)


class PrivateOffers(Section):
    """offers.yaml."""

    offers: list[PrivateOffer] = Field(default_factory=list)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [one.offer for one in self.offers]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two offers have the name {twice[0]}")
        return self


_F = TypeVar("_F", bound=Section)


def load_declared(model: type[_F], path: Path) -> _F:
    """The file as `model`; an empty one where there is no file.

    Raises:
        ConfigurationError: it is wrong; with line, column and remedy.
        StorageError: it cannot be read.
    """
    return validate(model, read_document(path, shown_as=path.name)) if path.is_file() else model()
