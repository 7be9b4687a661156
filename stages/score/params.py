"""The `score` section of params.yaml."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from acceltrial.cost.ownership import Assumption, CostLine
from schemas.base import CRITICALITIES
from schemas.decision import CRITERIA, ROLES
from stages.contract import StageParams
from stages.score import defaults

Share = Annotated[float, Field(ge=0, le=1)]
LineName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Bounds(BaseModel):
    """Declared bounds of one criterion: what is worth 0 and what is worth 1.

    Attributes:
        low, high: in the unit; for cost with `relative`, as a share of the action's value.
        scale: `log` where equal ratios matter equally.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    high: Positive
    scale: Literal["linear", "log"]

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.low >= self.high or (self.scale == "log" and self.low <= 0):
            raise ValueError(f"bounds [{self.low}, {self.high}] must rise, above 0 on a log scale")
        return self


def _bounds() -> dict[str, Bounds]:
    return {name: Bounds.model_validate(given) for name, given in defaults.BOUNDS.items()}


def _cost_lines() -> dict[str, CostLine]:
    return {name: CostLine.model_validate(given) for name, given in defaults.COST_LINES.items()}


class ScoreParams(StageParams):
    """How costs are computed and options weighed. Every default is declared in `defaults.py` with its source.

    Attributes:
        seed: of all draws.
        measurement_draws: draws of each option's figures.
        weight_draws: draws of the weights, shared out among the roles; each meets every measurement draw.
        concentration: of the Dirichlet draws around each role's weights.
        roles: weights by role and criterion, each summing to 1.
        bounds: by criterion; `cost_without_value` and `latency_without_target` where the workload
            declares no action value or no latency target; `training_cost_without_value` likewise.
        headroom: capacity above the peak, by criticality.
        minimum_replicas, spares: replicas at least, and replicas that may be lost, by criticality.
        max_replicas: an option that needs more is vetoed.
        peak_to_mean: for workloads whose trace does not say.
        compounding_kinds: workload kinds in which every request of an action must be answered.
        assumed_failure_rate, assumed_success_rate: where nothing was measured.
        usd_per_engineer_hour: turns the people's cost lines into hours, for the operational complexity.
        familiar_classes: accelerator classes that the company runs already, beside its targets'.
        portable_runtimes: runtimes on more than one vendor's hardware, by the start of their name.
        usd_per_kwh, pue: for owned hardware.
        tco_options: leading options of each workload in the table of total cost.
        carbon_kg_per_kwh, usd_per_tonne_co2: for the carbon line; a shadow price that ranks nothing.
        purchase_usd: price of one accelerator by catalogue id, for the owned variant; none is assumed.
        owned_years: years until owned hardware is written off.
        owned_host_share, owned_residual_share, capital_rate: see `defaults.py`.
        cost_lines: the other lines of the total cost of ownership.
    """

    seed: int = 20261122
    measurement_draws: Annotated[int, Field(ge=1, le=5000)] = 100
    weight_draws: Annotated[int, Field(ge=1, le=20000)] = 80
    concentration: Positive = 60.0
    roles: dict[str, dict[str, float]] = defaults.ROLE_WEIGHTS
    bounds: dict[str, Bounds] = Field(default_factory=_bounds)
    headroom: dict[str, Annotated[float, Field(ge=0, le=10)]] = defaults.HEADROOM
    minimum_replicas: dict[str, Annotated[int, Field(ge=1)]] = defaults.MINIMUM_REPLICAS
    spares: dict[str, Annotated[int, Field(ge=0)]] = defaults.SPARES
    max_replicas: Annotated[int, Field(ge=1)] = 64
    max_retries: Annotated[int, Field(ge=0, le=10)] = 2
    peak_to_mean: Annotated[float, Field(ge=1)] = 4.0
    horizon_months: Positive = 24.0
    compounding_kinds: tuple[str, ...] = defaults.COMPOUNDING_KINDS
    assumed_failure_rate: Assumption = Assumption.model_validate(defaults.FAILURE_RATE)
    assumed_success_rate: Assumption = Assumption.model_validate(defaults.SUCCESS_RATE)
    usd_per_engineer_hour: Assumption = Assumption.model_validate(defaults.USD_PER_ENGINEER_HOUR)
    familiar_classes: tuple[str, ...] = ("cpu", "gpu")
    portable_runtimes: tuple[str, ...] = defaults.PORTABLE_RUNTIMES
    usd_per_kwh: Assumption = Assumption.model_validate(defaults.USD_PER_KWH)
    pue: Assumption = Assumption.model_validate(defaults.PUE)
    tco_options: Annotated[int, Field(ge=1, le=50)] = 5
    carbon_kg_per_kwh: Assumption = Assumption.model_validate(defaults.CARBON_KG_PER_KWH)
    usd_per_tonne_co2: Assumption = Assumption.model_validate(defaults.USD_PER_TONNE_CO2)
    purchase_usd: dict[str, Assumption] = Field(default_factory=dict)
    owned_years: Annotated[float, Field(gt=0, le=30)] = 4.0
    owned_host_share: Assumption = Assumption.model_validate(defaults.OWNED_HOST_SHARE)
    owned_residual_share: Assumption = Assumption.model_validate(defaults.OWNED_RESIDUAL_SHARE)
    capital_rate: Assumption = Assumption.model_validate(defaults.CAPITAL_RATE)
    cost_lines: dict[LineName, CostLine] = Field(default_factory=_cost_lines)

    @model_validator(mode="before")
    @classmethod
    def _override(cls, given: Any) -> Any:
        """Tables given in part replace the defaults in part; `cost_lines` is replaced whole."""
        if not isinstance(given, dict):
            return given
        parts: dict[str, dict[str, Any]] = {
            "roles": defaults.ROLE_WEIGHTS, "bounds": defaults.BOUNDS, "headroom": defaults.HEADROOM,
            "minimum_replicas": defaults.MINIMUM_REPLICAS, "spares": defaults.SPARES,
        }  # fmt: skip
        merged = {name: {**parts[name], **given[name]} for name in parts if isinstance(given.get(name), dict)}
        return {**given, **merged}

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if sorted(self.roles) != sorted(ROLES):
            raise ValueError(f"roles must be exactly {ROLES}, not {sorted(self.roles)}")
        for role, weights in self.roles.items():
            if sorted(weights) != sorted(CRITERIA):
                raise ValueError(f"roles.{role} must weigh exactly {CRITERIA}")
            if any(not math.isfinite(w) or w < 0 for w in weights.values()):
                raise ValueError(f"roles.{role}: weights must be finite and not negative")
            if abs(math.fsum(weights.values()) - 1) > 1e-6:
                raise ValueError(f"roles.{role}: the weights sum to {math.fsum(weights.values()):g}, not 1")
        if self.usd_per_engineer_hour.value <= 0:
            raise ValueError("usd_per_engineer_hour: an hour of people's work costs something")
        unknown = sorted(set(self.bounds) - set(defaults.BOUNDS))
        if unknown:
            raise ValueError(f"bounds of unknown criteria {unknown}; known are {sorted(defaults.BOUNDS)}")
        for name in ("headroom", "minimum_replicas", "spares"):
            if sorted(getattr(self, name)) != sorted(CRITICALITIES):
                raise ValueError(f"{name} must give exactly {CRITICALITIES}")
        for name in ("compute", "power", "carbon", "amortisation", "cost_of_capital", "total"):
            if name in self.cost_lines:
                raise ValueError(f"cost_lines.{name}: this name is taken by the line that is computed")
        return self
