"""The file that declares a decision's criteria and its roles' weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, ValidationError

from acceltrial.decide.values import Criterion, Floats
from acceltrial.decide.weights import weight_vector
from acceltrial.errors import ConfigurationError, StorageError
from acceltrial.policy.expression import Expression, compile_expression
from acceltrial.portfolio.document import read_document


def _printable(name: str) -> str:
    """The name as it is. Raises ValueError unless it has 1 to 200 printable characters."""
    if not (0 < len(name) <= 200 and name.isprintable()):
        raise ValueError("give a name of 1 to 200 printable characters")
    return name


_Name = Annotated[str, AfterValidator(_printable)]
_Number = Annotated[float, Strict()]  # neither true nor "0.5" is a weight


class _CriterionSection(BaseModel):
    model_config = ConfigDict(extra="forbid")

    direction: Literal["min", "max"]
    bounds: tuple[_Number, _Number]
    scale: Literal["linear", "log"] = "linear"
    veto: str | None = None


class _RoleSection(BaseModel):
    model_config = ConfigDict(extra="forbid")

    weights: dict[_Name, _Number]


class _CriteriaFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    criteria: dict[_Name, _CriterionSection] = Field(min_length=1)
    roles: dict[_Name, _RoleSection] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Criteria:
    """Criteria in the file's order, each role's weight vector in that order, and the compiled vetoes."""

    criteria: tuple[Criterion, ...]
    roles: Mapping[str, Floats]
    vetoes: Mapping[str, Expression]

    @property
    def names(self) -> list[str]:
        """The criteria's names."""
        return [criterion.name for criterion in self.criteria]


def load_criteria(path: Path) -> Criteria:
    """The criteria file at `path`.

    A veto is a CEL expression over `value` (this criterion's), `row` (all of them by name), `option`
    and, where a criterion's name is an identifier, that name.

    Raises:
        StorageError: the file cannot be read.
        ConfigurationError: it is not YAML, has an unknown or missing key, bounds that do not rise,
            weights that do not fit, or a veto that does not parse; names file and place.
    """
    if not path.exists():
        raise StorageError("the criteria cannot be read", where=str(path), remedy="check the path")
    try:
        parsed = _CriteriaFile.model_validate(read_document(path).data)
    except ValidationError as error:
        raise _refusal(error, path) from error
    return _assembled(parsed, path)


def _assembled(parsed: _CriteriaFile, path: Path) -> Criteria:
    names = list(parsed.criteria)
    criteria, vetoes = [], {}
    for name, section in parsed.criteria.items():
        place = f"{path}: criteria.{name}"
        try:
            criterion = Criterion(name, section.direction, *section.bounds, section.scale, section.veto)
        except ConfigurationError as error:
            raise ConfigurationError(error.what, where=place, remedy=error.remedy) from error
        criteria.append(criterion)
        if section.veto is not None:
            variables = {"value": None, "row": None, "option": None} | dict.fromkeys(names)
            vetoes[name] = compile_expression(section.veto, variables, where=f"{place}.veto")
    roles = {
        role: weight_vector(section.weights, names, role, str(path)) for role, section in parsed.roles.items()
    }
    return Criteria(tuple(criteria), roles, vetoes)


def _refusal(error: ValidationError, path: Path) -> ConfigurationError:
    problems = error.errors(include_url=False)
    first = problems[0]
    place = ".".join(str(part) for part in first["loc"]) or "the file"
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return ConfigurationError(
        f"{place}: {first['msg']}{more}",
        where=str(path),
        remedy="criteria: {NAME: {direction: min|max, bounds: [low, high]}}"
        " and roles: {ROLE: {weights: {NAME: w}}}",
        details={"problems": [{"place": list(p["loc"]), "message": p["msg"]} for p in problems]},
    )
