"""Rule sets: YAML in, checked rules out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from acceltrial.errors import ConfigurationError, StorageError
from acceltrial.policy.expression import Expression, Fields, compile_expression
from acceltrial.portfolio.document import read_document

Severity = Literal["deny", "prefer", "warn"]
_RULE_ID = re.compile(r"^[a-z0-9][a-z0-9-]{0,63}$")


class _RuleSection(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str
    severity: Severity
    when: str = Field(min_length=1)
    reason: str = Field(min_length=1)


class RuleCase(BaseModel):
    """A test of the rule set: the rules that must apply to the given values, no more and no fewer."""

    model_config = ConfigDict(extra="forbid")

    name: str
    given: dict[str, dict[str, Any]]
    applies: list[str]


class _RuleFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1)
    rules: list[_RuleSection] = Field(min_length=1)
    tests: list[RuleCase] = []


@dataclass(frozen=True)
class Rule:
    """One rule: what follows (`severity`) when the expression holds, and why."""

    id: str
    severity: Severity
    expression: Expression
    reason: str


@dataclass(frozen=True)
class RuleSet:
    """A versioned set of rules, from one file."""

    version: int
    rules: tuple[Rule, ...]
    cases: tuple[RuleCase, ...]
    source: str


def load_rules(path: Path, fields: Fields) -> RuleSet:
    """The rules at `path`, each parsed and checked against the fields that exist.

    Raises:
        StorageError: the file cannot be read.
        ConfigurationError: names file and rule id: not YAML, an unknown key, a double or unfit id, an
            expression that does not parse or reads an unknown field, a test that names no rule.
    """
    if not path.exists():
        raise StorageError("the rules cannot be read", where=str(path), remedy="check the path")
    raw = read_document(path).data
    try:
        parsed = _RuleFile.model_validate(raw)
    except ValidationError as error:
        raise _refusal(error, raw, path) from error
    rules: dict[str, Rule] = {}
    for section in parsed.rules:
        where = f"{path}: rule '{section.id}'"
        if not _RULE_ID.match(section.id):
            raise ConfigurationError(
                f"{section.id[:80]!r} is no rule id", where=str(path), remedy="use a-z, 0-9 and -, up to 64"
            )
        if section.id in rules:
            raise ConfigurationError("the id is used twice", where=where, remedy="give each rule its own id")
        expression = compile_expression(section.when, fields, where=where)
        rules[section.id] = Rule(section.id, section.severity, expression, section.reason)
    _check_cases(parsed.tests, rules, fields, path)
    return RuleSet(parsed.version, tuple(rules.values()), tuple(parsed.tests), str(path))


def _check_cases(cases: list[RuleCase], rules: Mapping[str, Rule], fields: Fields, path: Path) -> None:
    for case in cases:
        where = f"{path}: test '{case.name}'"
        unknown = [rule for rule in case.applies if rule not in rules]
        strange = [
            f"{name}.{field}"
            for name, values in case.given.items()
            for field in values
            if field not in (fields.get(name) or frozenset())
        ]
        if unknown or strange:
            what = f"unknown rules {unknown}" if unknown else f"unknown fields {strange}"
            raise ConfigurationError(what, where=where, remedy="correct the test")


def _refusal(error: ValidationError, raw: Any, path: Path) -> ConfigurationError:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "the file"
    rule = ""
    if len(first["loc"]) > 1 and first["loc"][0] == "rules" and isinstance(raw, dict):
        section = raw["rules"][first["loc"][1]]
        rule = f" (rule '{section.get('id', '?')}')" if isinstance(section, dict) else ""
    return ConfigurationError(
        f"{place}{rule}: {first['msg']}",
        where=str(path),
        remedy="a rule is {id, severity: deny|prefer|warn, when: CEL expression, reason}",
    )
