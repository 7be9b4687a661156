"""What traffic is asked for: rate, burstiness at several windows, lengths, clients, sessions, calendar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from acceltrial.errors import ConfigurationError
from acceltrial.traces.generator.lengths import LengthSpec
from acceltrial.traces.statistics.summary import TraceStats

_Ratio = Annotated[float, Field(gt=0, le=1e5, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SessionSpec(_Part):
    """Conversations and agent loops: some requests carry on an earlier one and hold its whole context."""

    follow_up_share: Annotated[float, Field(ge=0, le=0.99)]
    """Share of the requests that continue a session. The lengths' quantiles stay as they are, so the share
    is reached as far as long enough prompts exist."""
    max_pause_s: Annotated[float, Field(gt=0, le=1e7)] = 600.0
    """A session that was silent for longer is over."""
    max_turns: Annotated[int, Field(ge=2, le=10_000)] = 24


class DaySpec(_Part):
    """A calendar: the rate swings over a period."""

    peak_to_mean: Annotated[float, Field(ge=1, le=2)]
    """Busiest moment against the mean, of a cosine."""
    period_s: Annotated[float, Field(gt=0, le=1e8)] = 86_400.0
    peak_at_s: Annotated[float, Field(ge=0, le=1e8)] = 50_400.0


class ActiveSpec(_Part):
    """A batch window: nothing comes outside it."""

    start_s: Annotated[float, Field(ge=0, le=1e8)] = 0.0
    length_s: Annotated[float, Field(gt=0, le=1e8)]
    period_s: Annotated[float, Field(gt=0, le=1e8)] = 86_400.0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.start_s + self.length_s > self.period_s:
            raise ValueError("start_s + length_s must lie within period_s")
        return self


class GeneratorSpec(_Part):
    """Statistics that generated traffic is fitted to; those left out are free.

    `idc_Ws` is variance / mean of the counts in W-second windows; `gap_cv` is the standard deviation / mean
    of the gaps between arrivals. Both are 1 for a Poisson process.
    """

    rate_rps: Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
    duration_s: Annotated[float, Field(gt=0, le=40 * 86_400)] = 3600.0
    gap_cv: _Ratio | None = None
    idc_1s: _Ratio | None = None
    idc_10s: _Ratio | None = None
    idc_60s: _Ratio | None = None
    input_tokens: LengthSpec | None = None
    output_tokens: LengthSpec | None = None
    length_correlation: Annotated[float, Field(gt=-1, lt=1)] = 0.0
    """Correlation of the normal scores of prompt and answer length."""
    clients: Annotated[int, Field(ge=1, le=10_000)] = 32
    client_skew: Annotated[float, Field(ge=0, le=4)] = 1.0
    """Exponent of the clients' rates by rank (Zipf); 0 makes them equal."""
    client_cv: Annotated[float, Field(gt=0, le=20)] | None = None
    """Median gap CV of a single client; by default fitted from the other figures."""
    client_length_share: Annotated[float, Field(ge=0, le=0.95)] = 0.3
    """Share of the variance of log length that lies between clients rather than within them."""
    renewal: Literal["gamma", "weibull"] = "gamma"
    sessions: SessionSpec | None = None
    shared_prefix_tokens: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """A system prompt that every request begins with."""
    day: DaySpec | None = None
    active: ActiveSpec | None = None
    source: Annotated[str, Field(max_length=500)] = "declared"
    as_of: Annotated[str, Field(max_length=40)] = ""

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.rate_rps * self.duration_s > 2e8:
            raise ValueError("rate_rps × duration_s is more than 200 million requests")
        return self

    def at_rate(self, rate_rps: float) -> GeneratorSpec:
        """The same traffic at another rate, as random thinning would leave it.

        An index of dispersion (and a squared gap CV, to first order) above 1 falls to 1 + p (value − 1)
        when a share p of the requests is kept.
        """
        share = rate_rps / self.rate_rps
        changed: dict[str, Any] = {"rate_rps": rate_rps}
        for name in ("idc_1s", "idc_10s", "idc_60s"):
            value = getattr(self, name)
            if value is not None and value > 1:
                changed[name] = 1 + (value - 1) * share
        if self.gap_cv is not None and self.gap_cv > 1:
            changed["gap_cv"] = (1 + (self.gap_cv**2 - 1) * share) ** 0.5
        return self.model_copy(update=changed)


def generator_spec(settings: Mapping[str, Any]) -> GeneratorSpec:
    """The spec that `settings` describe: a `preset` with other values on top, or all values.

    A preset at another `rate_rps` keeps its rate variation: burstiness figures not given are rescaled.

    Raises:
        ConfigurationError: an unknown preset or key, or a value out of range, with its name.
    """
    from acceltrial.traces.generator.presets import PRESETS

    given = dict(settings)
    preset = given.pop("preset", None)
    if preset is not None and preset not in PRESETS:
        raise ConfigurationError(
            f"no traffic preset is called {str(preset)[:60]!r}",
            where="generate.preset",
            remedy=f"choose one of {', '.join(PRESETS)}",
        )
    try:
        if preset is not None:
            base = PRESETS[preset]
            rate = given.get("rate_rps", base.rate_rps)
            if isinstance(rate, int | float) and not isinstance(rate, bool) and 0 < rate < 1e6:
                base = base.at_rate(float(rate))
            given = {**base.model_dump(exclude_none=True), **given}
        return GeneratorSpec.model_validate(given)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'generate'}: {item['msg']}" for item in error.errors()[:5]
        )
        raise ConfigurationError(
            f"the generator's settings are wrong: {problems}",
            where="generate",
            remedy=f"allowed keys: preset, {', '.join(GeneratorSpec.model_fields)}",
        ) from error


def spec_from_stats(stats: TraceStats, source: str, **changes: Any) -> GeneratorSpec:
    """A spec that imitates the trace whose statistics these are.

    Args:
        stats: of the trace.
        source: what the trace is, for the record.
        changes: values of the spec to set otherwise.

    Raises:
        ConfigurationError: the trace is too short to tell a rate, or its figures are out of range.
    """
    if stats.rate_rps is None:
        raise ConfigurationError(
            "the trace tells no rate: it has fewer than two arrivals",
            where=source,
            remedy="give a trace with more requests",
        )
    figures: dict[str, Any] = {
        name: getattr(stats, name) or None for name in ("gap_cv", "idc_1s", "idc_10s", "idc_60s")
    }
    for side in ("input_tokens", "output_tokens"):
        lengths = getattr(stats, side)
        if lengths.n and lengths.maximum:
            quantiles = {0.5: lengths.p50, 0.95: lengths.p95, 0.99: lengths.p99}
            figures[side] = {"quantiles": quantiles, "minimum": 0, "maximum": lengths.maximum}
    if stats.follow_up_share:
        figures["sessions"] = {"follow_up_share": min(stats.follow_up_share, 0.99)}
    duration = min(max(stats.span_s, 1.0), 40 * 86_400.0)
    figures |= {"rate_rps": stats.rate_rps, "duration_s": duration, "clients": min(stats.clients or 32, 1000)}
    return generator_spec({**figures, "source": source[:500], **changes})
