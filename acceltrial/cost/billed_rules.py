"""The file that says which charges of a bill belong to which workload and option."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from acceltrial.errors import ConfigurationError
from acceltrial.portfolio.document import read_document
from acceltrial.portfolio.section import AsOf, Name, Section, Text
from acceltrial.portfolio.validation import validate

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Files = Annotated[
    tuple[Text, ...], BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given)
]


class Rate(Section):
    """What one unit of a currency was worth, in USD."""

    usd: Annotated[float, Field(gt=0, le=1e6)]
    source: Text
    as_of: AsOf


class Rule(Section):
    """Charges that belong to a workload; patterns are shell patterns (`*`, `?`, `[…]`), all must match.

    Attributes:
        option: the option that they pay for; without it the recommended one.
        tags: key and pattern of its value.
        resource, sku: patterns of ResourceId and of SkuId.
        service: pattern of ServiceName.
    """

    workload: Name
    option: Name | None = None
    tags: dict[str, str] | None = None
    resource: Text | None = None
    sku: Text | None = None
    service: Text | None = None

    @model_validator(mode="after")
    def _narrow(self) -> Self:
        if not (self.tags or self.resource or self.sku or self.service):
            raise ValueError("a rule needs tags, resource, sku or service; without one it takes every charge")
        return self

    def takes(self, charge: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
        """Whether the charge is one of the rule's."""
        patterns = (("ResourceId", self.resource), ("SkuId", self.sku), ("ServiceName", self.service))
        for column, pattern in patterns:
            if pattern is not None and not fnmatchcase(charge[column] or "", pattern):
                return False
        return all(key in tags and fnmatchcase(tags[key], value) for key, value in (self.tags or {}).items())


class TagKeys(Section):
    """Keys of tags whose values are names of the portfolio."""

    workload: Text | None = None
    option: Text | None = None


class BillingFile(Section):
    """billing.yaml.

    Attributes:
        files: exports, relative to the file's folder.
        cost: `effective` spreads commitments over their use; `billed` is what the invoice says.
        currency: rates of currencies other than USD.
        tag_keys: tags that name workload and option; rules go first.
    """

    files: Files = ()
    cost: Literal["effective", "billed"] = "effective"
    currency: dict[Currency, Rate] = Field(default_factory=dict)
    tag_keys: TagKeys = TagKeys()
    rules: list[Rule] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a charge is; `reason` says why it is nobody's."""

    workload: str | None
    option: str | None
    reason: str = ""


def load_billing(path: Path) -> BillingFile:
    """The billing file at `path`.

    Raises:
        ConfigurationError: it is missing or wrong; with line, column and remedy.
        StorageError: it cannot be read.
    """
    found = validate(BillingFile, read_document(path, shown_as=path.name))
    if not (found.rules or found.tag_keys.workload):
        raise ConfigurationError(
            "nothing says whose a charge is",
            where=path.name,
            remedy="give rules, or the key of the tag that names the workload: tag_keys: {workload: KEY}",
        )
    return found


def owner_of(charge: Mapping[str, Any], tags: Mapping[str, str], file: BillingFile) -> Owner:
    """Whose the charge is: the first rule that takes it, else what its tags name."""
    keys = file.tag_keys
    named = tags.get(keys.option or "") or None
    for rule in file.rules:
        if rule.takes(charge, tags):
            return Owner(rule.workload, rule.option or named)
    if keys.workload is None:
        return Owner(None, None, "no rule takes it")
    workload = tags.get(keys.workload)
    if not workload:
        return Owner(None, None, f"no rule takes it and it has no tag {keys.workload}")
    return Owner(workload, named)


def rate_problem(file: BillingFile, currencies: set[str]) -> str:
    """Which currency has no rate, or an empty text."""
    missing = sorted(currencies - {"USD"} - set(file.currency))
    return f"no rate to USD for {', '.join(missing)}" if missing else ""
