"""What a canary watches: one guardrail a concern, with its margin, the harm to exclude, absolute bounds."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import numpy as np
import numpy.typing as npt
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from acceltrial.errors import ConfigurationError

TAIL = 0.95
LEVELS = (0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.998)
Model = TypeVar("Model", bound=BaseModel)
Share = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Weight = Annotated[float, Field(ge=1e-6, le=1e6)]
Seconds = Annotated[float, Field(gt=0, le=1e9)]
LEAST_INTERVAL_S = 1e-3


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ErrorGuardrail(_Rule):
    """Failed and timed-out requests.

    Attributes:
        margin: added failure rate that is tolerated.
        harm: added failure rate that must be excluded before promotion.
        expected_rate: the baseline's failure rate before any is seen; it guides power, never validity.
        max_rate: failure rate that neither arm may exceed, whatever the other does.
        weight: share of the error budget, relative to the other guardrails.
    """

    kind: Literal["errors"] = "errors"
    margin: Share = 0.0
    harm: Annotated[float, Field(gt=0, lt=1)] = 0.01
    expected_rate: Annotated[float, Field(gt=0, lt=0.5)] = 0.01
    max_rate: Annotated[float, Field(gt=0, lt=1)] | None = None
    weight: Weight = 1.0

    @property
    def name(self) -> str:
        """The guardrail's name in verdicts and records."""
        return "errors"


class RankedGuardrail(_Rule):
    """Values without an upper end, ranked among the baseline's own quantiles of the preceding minutes.

    Attributes:
        margin: the canary may be this share worse (0.07: 7 %) before a request counts against it.
        tail_margin: the most that is tolerated at levels of 0.95 and above. It follows the canary: of an arm
            that drifts the ordinary requests are slower, too, and by as much as they were in the preceding
            minutes its tail may be. A tail that grows alone has no margin.
        levels: the baseline's quantiles among which the canary's requests are ranked; a level joins when the
            baseline has had at least five requests beyond it, so a tail is judged as soon as it shows.
        proof_level: the highest level at which the absence of harm must be shown before promotion.
        harm_odds: the odds ratio of requests beyond a level that must be excluded before promotion.
        weight: share of the error budget, relative to the other guardrails.
    """

    margin: Share = 0.07
    tail_margin: Share = 0.07
    levels: tuple[Annotated[float, Field(ge=0.5, lt=1)], ...] = Field(LEVELS, min_length=1)
    proof_level: Annotated[float, Field(ge=0.5, lt=1)] = 0.99
    harm_odds: Annotated[float, Field(gt=1)] = 2.5
    weight: Weight = 1.0

    @model_validator(mode="after")
    def _levels_rise(self) -> Self:
        if any(b <= a for a, b in pairwise(self.levels)):
            raise ValueError(f"levels must rise: {list(self.levels)}")
        return self

    @property
    def proof_levels(self) -> int:
        """How many of the levels must show the absence of harm before promotion; at least the first."""
        return max(sum(level <= self.proof_level for level in self.levels), 1)

    def margins(self, slower: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """How much worse the canary may be, look × level.

        `slower` is by how much its ordinary requests were worse before each look.
        """
        followed = np.clip(slower, 0.0, self.tail_margin)[:, None]
        return np.where(np.array(self.levels) >= TAIL, followed, self.margin)


class LatencyGuardrail(RankedGuardrail):
    """Slow requests, all of them or in the tail alone.

    Attributes:
        column: `latency_ms` (end to end), `ttft_ms` (time to first token), `itl_ms` (between tokens).
        max_ms: an absolute bound for the 95th percentile of either arm.
    """

    kind: Literal["latency"] = "latency"
    column: Literal["latency_ms", "ttft_ms", "itl_ms"] = "latency_ms"
    max_ms: Positive | None = None

    @property
    def name(self) -> str:
        """The guardrail's name in verdicts and records."""
        return self.column.removesuffix("_ms")


class LengthGuardrail(RankedGuardrail):
    """The length of the answers (column `output_tokens`): a shift to longer or to shorter ones."""

    kind: Literal["length"] = "length"
    margin: Share = 0.1
    tail_margin: Share = 0.1
    levels: tuple[Annotated[float, Field(ge=0.5, lt=1)], ...] = Field((0.5, 0.75, 0.9), min_length=1)

    @property
    def name(self) -> str:
        """The guardrail's name in verdicts and records."""
        return "length"


class EventGuardrail(_Rule):
    """Requests that were refused by the model, or met a throttled or faulty device.

    Attributes:
        column: which flag (0 or 1, empty where not known) is counted.
        margin, harm, expected_rate, max_rate, weight: as for `ErrorGuardrail`.
    """

    kind: Literal["events"] = "events"
    column: Literal["refused", "throttled", "hardware_error"]
    margin: Share = 0.005
    harm: Annotated[float, Field(gt=0, lt=1)] = 0.02
    expected_rate: Annotated[float, Field(gt=0, lt=0.5)] = 0.01
    max_rate: Annotated[float, Field(gt=0, lt=1)] | None = None
    weight: Weight = 1.0

    @property
    def name(self) -> str:
        """The guardrail's name in verdicts and records."""
        return self.column


class CostGuardrail(_Rule):
    """Cost per successful request: what all requests cost (column `cost_usd`), by those that succeeded.

    Attributes:
        margin: the canary may cost this share more for each success.
        harm: the added share that must be excluded before promotion.
        weight: share of the error budget, relative to the other guardrails.
    """

    kind: Literal["cost"] = "cost"
    margin: Share = 0.05
    harm: Annotated[float, Field(gt=0)] = 0.5
    weight: Weight = 1.0

    @property
    def name(self) -> str:
        """The guardrail's name in verdicts and records."""
        return "cost"


class QualityGuardrail(_Rule):
    """Task success or any score in [0, 1] (1 is best) of the responses.

    Attributes:
        margin: loss of mean quality that is tolerated.
        harm: loss that must be excluded before promotion.
        expected: the baseline's mean quality before any is seen.
        floor: mean quality below which neither arm may fall.
        weight: share of the error budget, relative to the other guardrails.
    """

    kind: Literal["quality"] = "quality"
    margin: Share = 0.02
    harm: Annotated[float, Field(gt=0, lt=1)] = 0.1
    expected: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    floor: Annotated[float, Field(gt=0, lt=1)] | None = None
    weight: Weight = 1.0

    @property
    def name(self) -> str:
        """The guardrail's name in verdicts and records."""
        return "quality"


class MemoryGuardrail(_Rule):
    """Memory of the serving process: growth beyond the baseline's, and headroom below its limit.

    Attributes:
        growth: a look counts as growth when memory passes its high-water mark by this share.
        limit_bytes: what the process may use at most; without it headroom is not judged.
        headroom: share of the limit that must stay free.
        weight: share of the error budget, relative to the other guardrails.
    """

    kind: Literal["memory"] = "memory"
    growth: Annotated[float, Field(gt=0, lt=1)] = 0.02
    limit_bytes: Positive | None = None
    headroom: Share = 0.05
    weight: Weight = 1.0

    @property
    def name(self) -> str:
        """The guardrail's name in verdicts and records."""
        return "memory"


Guardrail = Annotated[
    ErrorGuardrail
    | LatencyGuardrail
    | QualityGuardrail
    | MemoryGuardrail
    | LengthGuardrail
    | EventGuardrail
    | CostGuardrail,
    Field(discriminator="kind"),
]


class Warmup(_Rule):
    """How long the canary's latency is not judged; the rule is fixed before the start.

    It ends at the first look (after `min_s`) in which the share of canary requests above the baseline's
    median of the same look is at most `settled_share`, and at `max_s` in any case. A cold start shifts
    the median, so it is waited for; a regression of the tail does not, so it is judged at once.
    """

    min_s: Annotated[float, Field(ge=0, le=1e9)] = 60.0
    max_s: Annotated[float, Field(ge=0, le=1e9)] = 300.0
    settled_share: Annotated[float, Field(ge=0.5, le=1)] = 0.55

    @model_validator(mode="after")
    def _ordered(self) -> Warmup:
        if self.min_s > self.max_s:
            raise ValueError(f"warm-up: min_s {self.min_s} is larger than max_s {self.max_s}")
        return self


class JudgeSettings(_Rule):
    """Everything the judge needs besides the records.

    Attributes:
        guardrails: what to watch; None chooses by the columns that are there.
        alpha: probability that a harmless canary is ever rolled back, over all guardrails together.
        alpha_promote: probability that harm passes as excluded, for each guardrail.
        interval_s: time between looks.
        reference_s: span of the baseline's past that fixes what is slow.
        warmup: when the canary's latency starts to count.
        silence_s: an arm that should have had requests and had none for this long is lost.
        missing_share: share of missing metrics above which nothing is promoted.
        baseline_factor: the baseline is degraded when it is this much slower than at its own start.
        needs_power: nothing is promoted on traffic too thin to have shown the demanded harm, even when
            the evidence of its absence happens to be there.
        restart_looks: evidence is also gathered from every so many looks on, to see late regressions.
    """

    guardrails: tuple[Guardrail, ...] | None = None
    alpha: Annotated[float, Field(ge=1e-12, lt=0.5)] = 0.01
    alpha_promote: Annotated[float, Field(ge=1e-12, lt=0.5)] = 0.05
    interval_s: Annotated[float, Field(ge=LEAST_INTERVAL_S, le=1e9)] = 60.0
    reference_s: Seconds = 600.0
    warmup: Warmup = Warmup()
    silence_s: Seconds = 300.0
    missing_share: Share = 0.05
    baseline_factor: Annotated[float, Field(gt=1)] = 2.0
    restart_looks: Annotated[int, Field(ge=1, le=1_000_000)] = 10
    needs_power: bool = True

    @model_validator(mode="after")
    def _names_are_unique(self) -> JudgeSettings:
        names = [rule.name for rule in self.guardrails or ()]
        if self.guardrails is not None and not names:
            raise ValueError("no guardrail given: a canary without one watches nothing")
        if len(set(names)) < len(names):
            raise ValueError(f"guardrails named twice: {sorted({n for n in names if names.count(n) > 1})}")
        return self

    def bounds(self, rules: tuple[Guardrail, ...]) -> dict[str, float]:
        """The evidence (nats) at which each of `rules` rolls back: the error budget split by weight."""
        total = sum(rule.weight for rule in rules)
        return {rule.name: math.log(total / (self.alpha * rule.weight)) for rule in rules}


def default_guardrails(columns: set[str]) -> tuple[Guardrail, ...]:
    """The guardrails for records with these columns."""
    rules: list[Guardrail] = [ErrorGuardrail(weight=2.0), LatencyGuardrail()]
    optional: dict[str, Guardrail] = {
        "ttft_ms": LatencyGuardrail(column="ttft_ms"),
        "itl_ms": LatencyGuardrail(column="itl_ms"),
        "quality": QualityGuardrail(),
        "memory_bytes": MemoryGuardrail(weight=0.5),
        "output_tokens": LengthGuardrail(weight=0.5),
        "refused": EventGuardrail(column="refused", weight=0.5),
        "throttled": EventGuardrail(column="throttled", weight=0.5),
        "hardware_error": EventGuardrail(column="hardware_error", weight=0.5),
        "cost_usd": CostGuardrail(weight=0.5),
    }
    rules += [rule for column, rule in optional.items() if column in columns]
    return tuple(rules)


def load_settings(path: Path) -> JudgeSettings:
    """The judge's settings in a YAML file. Raises ConfigurationError with the failing key."""
    try:
        document: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            "the guardrails cannot be read", where=str(path), remedy="check the path"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"not YAML ({str(error).splitlines()[0]})", where=str(path), remedy="correct the syntax"
        ) from error
    if isinstance(document, list):
        document = {"guardrails": document}
    return parse(JudgeSettings, document, str(path))


def parse(model: type[Model], document: Any, where: str) -> Model:
    """`document` as `model`. Raises ConfigurationError that names the first failing key."""
    if not isinstance(document, dict):
        raise ConfigurationError(
            f"expected keys and values, found {type(document).__name__}",
            where=where,
            remedy=f"give the keys of {model.__name__}: {', '.join(model.model_fields)}",
        )
    try:
        return model.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise ConfigurationError(
            f"{key}: {first['msg']} (found {_shown(first.get('input'))})",
            where=where,
            remedy=f"correct the value; known keys: {', '.join(model.model_fields)}",
            details={"errors": error.errors(include_url=False, include_context=False)},
        ) from error


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
