"""When each request is to be sent and how long it is, computed from one seed before the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from acceltrial.errors import ConfigurationError
from acceltrial.load import arrivals
from acceltrial.load.lengths import Lengths
from acceltrial.load.sessions import turns_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
LengthSpec = int | str | Sequence[int] | Ints


@dataclass(frozen=True)
class Schedule:
    """The plan of a run, one entry a request, ordered by intended time.

    Attributes:
        intended_s: seconds after the start; zeros in a closed loop, where a free stream decides.
        input_tokens, output_tokens: lengths to ask for; -1 leaves it to the prompt or to the server.
        arrivals: how the times were made, in words.
        seed: the seed of all that is drawn.
        concurrency: streams of a closed loop; 0 for an open loop.
        prompts: the caller's own prompt of each request: a text, a list of chat messages, or for
            rerank a (query, documents) pair; None lets the engine write text of `input_tokens`.
        session, turn: which conversation a request belongs to; -1 for none.
        after: index of the request that must end before this one is sent; -1 for none.
        think_s: pause between that end (or the stream's last answer) and this request.
        stop_after_s: in a closed loop, nothing is sent later than this; 0 for no limit.
        asked_rps: the rate that was asked for; None where the schedule is not made from a rate.
    """

    intended_s: Floats
    input_tokens: Ints
    output_tokens: Ints
    arrivals: str
    seed: int = 0
    concurrency: int = 0
    prompts: Sequence[Any] | None = None
    session: Ints | None = None
    turn: Ints | None = None
    prefix_tokens: Ints | None = None
    after: Ints | None = None
    think_s: Floats | None = None
    stop_after_s: float = 0.0
    asked_rps: float | None = None

    def __post_init__(self) -> None:
        _check(self)

    def __len__(self) -> int:
        return len(self.intended_s)

    @property
    def mode(self) -> Literal["open", "closed"]:
        """`open`: sent when due, whatever the server does. `closed`: sent when a stream is free."""
        return "closed" if self.concurrency else "open"

    @property
    def span_s(self) -> float:
        """Seconds from the start to the last intended time."""
        return float(self.intended_s[-1]) if len(self) else 0.0

    @property
    def rate_rps(self) -> float | None:
        """Requests a second that the schedule itself holds; None in a closed loop or for one request."""
        if self.concurrency or len(self) < 2 or self.span_s <= 0:
            return None
        return len(self) / self.span_s

    @property
    def parts(self) -> int:
        """What can be cut apart: the streams of a closed loop, the sessions, or the single requests."""
        if self.concurrency:
            return min(self.concurrency, len(self))
        return len(self) if self.after is None else int(np.count_nonzero(self.after < 0))

    def with_prompts(self, prompts: Sequence[Any]) -> Schedule:
        """The same times with the caller's own prompts; lengths then follow from the prompts."""
        return replace(self, prompts=list(prompts), input_tokens=np.full(len(self), -1))

    def warped(self, factor: float) -> Schedule:
        """The same arrivals `factor` times as fast."""
        if not 0 < factor < float("inf"):
            raise ConfigurationError(f"time warp {factor} must be a positive number", where="schedule")
        rate = self.asked_rps * factor if self.asked_rps else None
        return replace(self, intended_s=self.intended_s / factor, asked_rps=rate)

    # Builders -----------------------------------------------------------------------------------

    @staticmethod
    def open_loop(
        kind: str = "poisson",
        *,
        rate_rps: float,
        requests: int | None = None,
        duration_s: float | None = None,
        input_tokens: LengthSpec = 128,
        output_tokens: LengthSpec = 128,
        seed: int = 0,
        prompts: Sequence[Any] | None = None,
    ) -> Schedule:
        """A stationary stream: constant, poisson, gamma:CV or weibull:CV. Raises ConfigurationError."""
        count = len(prompts) if prompts is not None and requests is None and duration_s is None else requests
        times = arrivals.draw(kind, rate_rps, requests=count, duration_s=duration_s, seed=seed)
        return _assemble(times, kind, input_tokens, output_tokens, seed, prompts, asked_rps=rate_rps)

    @staticmethod
    def steps(
        kind: str,
        parts: Sequence[tuple[float, float]],
        *,
        input_tokens: LengthSpec = 128,
        output_tokens: LengthSpec = 128,
        seed: int = 0,
    ) -> Schedule:
        """Rates that change: `parts` are (requests per second, seconds), one after the other."""
        times = arrivals.draw_steps(kind, parts, seed)
        seconds = sum(part[1] for part in parts)
        asked = sum(rate * length for rate, length in parts) / seconds if seconds else None
        return _assemble(times, f"steps of {kind}", input_tokens, output_tokens, seed, None, asked_rps=asked)

    @staticmethod
    def closed_loop(
        concurrency: int,
        *,
        requests: int,
        duration_s: float = 0.0,
        think_s: float = 0.0,
        input_tokens: LengthSpec = 128,
        output_tokens: LengthSpec = 128,
        seed: int = 0,
        prompts: Sequence[Any] | None = None,
    ) -> Schedule:
        """`concurrency` streams, each sending its next request when the last was answered (plus thinking)."""
        if concurrency < 1:
            raise ConfigurationError(f"concurrency {concurrency} must be at least 1", where="schedule")
        base = _assemble(np.zeros(requests), "closed", input_tokens, output_tokens, seed, prompts)
        think = np.full(requests, think_s) if think_s else None
        return replace(base, concurrency=concurrency, think_s=think, stop_after_s=duration_s)

    @staticmethod
    def from_arrivals(
        arrival_s: Sequence[float] | Floats,
        *,
        input_tokens: LengthSpec = 128,
        output_tokens: LengthSpec = 128,
        warp: float = 1.0,
        seed: int = 0,
        prompts: Sequence[Any] | None = None,
        source: str = "trace",
    ) -> Schedule:
        """The arrivals of a trace, shifted to start at 0; `warp` 20 plays it twenty times as fast."""
        times = np.asarray(arrival_s, dtype=np.float64)
        if len(times) and not np.all(np.isfinite(times)):
            raise ConfigurationError("an arrival time is not a finite number", where=source)
        if np.any(np.diff(times) < 0):
            raise ConfigurationError("arrival times must not go back", where=source, remedy="sort the trace")
        times = times - times[0] if len(times) else times
        return _assemble(times, source, input_tokens, output_tokens, seed, prompts).warped(warp)

    @staticmethod
    def sessions(
        starts_s: Sequence[float] | Floats,
        *,
        turns: int,
        think_s: float,
        first_input_tokens: int = 64,
        growth_tokens: int = 128,
        output_tokens: LengthSpec = 64,
        seed: int = 0,
    ) -> Schedule:
        """Conversations: a turn waits for the answer before it; the context grows by `growth_tokens`.

        Think times are exponential with mean `think_s` (a tool call's or a person's pause).
        """
        random = np.random.default_rng([seed, 3])
        made = turns_of(
            np.asarray(starts_s, dtype=np.float64),
            turns,
            think_s=think_s,
            first_input_tokens=first_input_tokens,
            growth_tokens=growth_tokens,
            random=random,
        )
        lengths = _lengths(output_tokens, len(made.turn), random)
        return Schedule(output_tokens=lengths, arrivals="sessions", seed=seed, **made._asdict())


def _assemble(
    times: Floats,
    kind: str,
    input_tokens: LengthSpec,
    output_tokens: LengthSpec,
    seed: int,
    prompts: Sequence[Any] | None,
    asked_rps: float | None = None,
) -> Schedule:
    count = len(times)
    generator = np.random.default_rng([seed, 2])
    return Schedule(
        intended_s=times,
        input_tokens=np.full(count, -1) if prompts is not None else _lengths(input_tokens, count, generator),
        output_tokens=_lengths(output_tokens, count, generator),
        arrivals=kind,
        seed=seed,
        prompts=prompts,
        asked_rps=asked_rps,
    )


def _lengths(given: LengthSpec, count: int, generator: np.random.Generator) -> Ints:
    if isinstance(given, int | str):
        return Lengths.parse(str(given)).draw(count, generator)
    values = np.asarray(given)
    if len(values) != count:
        raise ConfigurationError(f"{len(values)} lengths were given for {count} requests", where="schedule")
    if not np.all(np.isfinite(values)):
        raise ConfigurationError("a length is not a finite number", where="schedule")
    return values.astype(np.int64)


def _check(schedule: Schedule) -> None:
    count = len(schedule.intended_s)
    columns = (
        schedule.input_tokens,
        schedule.output_tokens,
        schedule.session,
        schedule.turn,
        schedule.after,
        schedule.think_s,
    )
    if any(column is not None and len(column) != count for column in columns):
        raise ConfigurationError("the columns of a schedule differ in length", where="schedule")
    if schedule.prompts is not None and len(schedule.prompts) != count:
        raise ConfigurationError(
            f"{len(schedule.prompts)} prompts were given for {count} requests", where="schedule"
        )
    times = schedule.intended_s
    if count and (not np.all(np.isfinite(times)) or times.min() < 0 or np.any(np.diff(times) < 0)):
        raise ConfigurationError("intended times must be finite, not negative and in order", where="schedule")
    if schedule.after is not None and np.any(schedule.after >= np.arange(count)):
        raise ConfigurationError("a request can only wait for an earlier one", where="schedule")
