"""What the flags of `acceltrial bench` ask for: a schedule, processes, extra fields. Wrong ones raise."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from acceltrial.load import Schedule

_DEFAULT_DURATION_S = 30.0
_DEFAULT_CLOSED_REQUESTS = 200
_FEWEST_CLOSED, _MOST_CLOSED = 2_000, 100_000
_FASTEST_ANSWER_S = 0.01
"""A stream of a timed closed loop that is answered faster may run out of requests before the end."""


class Given:
    """The flags that make a schedule."""

    def __init__(
        self,
        arrivals: str,
        rate: float | None,
        concurrency: int | None,
        requests: int | None,
        duration: float | None,
        lengths: dict[str, str],
        seed: int,
        warp: float,
        think: float,
    ) -> None:
        if concurrency is not None and rate is None and arrivals == "poisson":
            arrivals = "closed"
        self.arrivals, self.rate, self.concurrency = arrivals, rate, concurrency
        self.requests, self.duration, self.seed, self.warp, self.think = requests, duration, seed, warp, think
        self.lengths: dict[str, Any] = {**lengths, "seed": seed}
        self._check()

    def _check(self) -> None:
        closed, trace = self.arrivals == "closed", self.arrivals.startswith("trace:")
        clashes = {
            "--rate has no meaning in a closed loop: the streams decide": closed and self.rate is not None,
            "--concurrency needs --arrivals closed": not closed and self.concurrency is not None,
            "--rate has no meaning for a trace: use --warp": trace and self.rate is not None,
            "--warp needs --arrivals trace:FILE": not trace and self.warp != 1,
            "--think needs --arrivals closed": not closed and self.think != 0,
            "give --requests or --duration, not both": self.requests is not None
            and self.duration is not None
            and not (closed or trace),
        }
        for message, clash in clashes.items():
            if clash:
                raise usage_error(message)
        numbers = (self.rate, self.duration, self.warp, self.requests, self.concurrency)
        if (
            any(number is not None and not 0 < number < 1e9 for number in numbers)
            or not 0 <= self.think < 1e6
        ):
            raise usage_error("rates, durations, counts and factors must be positive numbers")

    def schedule(self, repeat: int = 0) -> Schedule:
        """What the flags ask for; each repeat is drawn anew."""
        from acceltrial.load import Schedule

        lengths = self.lengths | {"seed": self.seed + repeat}
        if self.arrivals.startswith("trace:"):
            from acceltrial.load.from_trace import schedule_from_trace

            path = Path(self.arrivals.removeprefix("trace:"))
            return schedule_from_trace(
                path, warp=self.warp, requests=self.requests, duration_s=self.duration, **lengths
            )
        if self.arrivals == "closed":
            streams = self.concurrency or 1
            return Schedule.closed_loop(
                streams,
                requests=self.requests or self._supply(streams),
                duration_s=self.duration or 0.0,
                think_s=self.think,
                **lengths,
            )
        return self.at_rate(self.rate or 1.0, self.seed + repeat)

    def _supply(self, streams: int) -> int:
        """Requests for a closed loop, more than its streams can send: all are rendered before it starts."""
        if not self.duration:
            return _DEFAULT_CLOSED_REQUESTS
        fastest_s = _FASTEST_ANSWER_S + self.think
        return int(min(_MOST_CLOSED, max(_FEWEST_CLOSED, streams * self.duration / fastest_s)))

    def at_rate(self, rate: float, seed: int) -> Schedule:
        """The open arrivals at another rate and seed, for a search."""
        from acceltrial.load import Schedule

        duration = None if self.requests else (self.duration or _DEFAULT_DURATION_S)
        lengths = self.lengths | {"seed": seed}
        return Schedule.open_loop(
            self.arrivals, rate_rps=rate, requests=self.requests, duration_s=duration, **lengths
        )


def extra_body(text: str | None) -> dict[str, Any] | None:
    """The fields of --extra-body. Raises ConfigurationError where it is no JSON object."""
    if text is None:
        return None
    import orjson

    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise usage_error(f"--extra-body is no JSON ({error})") from error
    if not isinstance(found, dict):
        raise usage_error("--extra-body must be a JSON object")
    return found


def processes_of(text: str) -> int:
    """The number of load processes; 0 for auto. Raises ConfigurationError."""
    if text == "auto":
        return 0
    if not text.isdigit() or not 1 <= int(text) <= 256:
        raise usage_error(f"--processes {text}: give a number from 1 to 256, or auto")
    return int(text)


def usage_error(message: str) -> Exception:
    """The error of flags that do not go together, to be raised."""
    from acceltrial.errors import ConfigurationError

    return ConfigurationError(message, where="acceltrial bench", remedy="acceltrial bench --help")
