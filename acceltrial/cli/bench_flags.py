"""The flags of `acceltrial bench` by what they are about, and what they ask for. Wrong ones raise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

if TYPE_CHECKING:
    from acceltrial.load import Schedule

_DEFAULT_DURATION_S = 30.0
_DEFAULT_CLOSED_REQUESTS = 200
_FEWEST_CLOSED, _MOST_CLOSED = 2_000, 100_000
_FASTEST_ANSWER_S = 0.01
"""A stream of a timed closed loop that is answered faster may run out of requests before the end."""

Switch = Annotated[bool, Parameter(negative="")]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What is sent, and when.

    Attributes:
        arrivals: constant, poisson, gamma:CV, weibull:CV, closed or trace:FILE.
        rate: requests a second of an open loop (default 1).
        concurrency: streams of a closed loop; giving it alone means --arrivals closed.
        requests: how many requests to send.
        duration: seconds of arrivals (30 where neither is given; 200 requests in a closed loop).
        input_tokens: prompt length: N, uniform:LOW,HIGH, normal:MEAN,SD or lognormal:MEAN,CV. Without
            --tokenizer, lengths count by the server's own usage after a short probe.
        output_tokens: most output tokens of a request, in the same forms.
        seed: of everything drawn; equal seeds give equal schedules and prompts.
        warp: play a trace so many times as fast.
        think: seconds that a stream of a closed loop waits between answer and next request.
    """

    arrivals: str = "poisson"
    rate: float | None = None
    concurrency: int | None = None
    requests: int | None = None
    duration: float | None = None
    input_tokens: str = "128"
    output_tokens: str = "128"
    seed: int = 0
    warp: float = 1.0
    think: float = 0.0

    @property
    def pattern(self) -> str:
        """The arrivals: a closed loop also where only its streams are given."""
        streams_alone = self.concurrency is not None and self.rate is None and self.arrivals == "poisson"
        return "closed" if streams_alone else self.arrivals

    def require_sense(self) -> None:
        """Raises ConfigurationError where the flags do not go together or a number makes no sense."""
        closed, trace = self.pattern == "closed", self.pattern.startswith("trace:")
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

        seed = self.seed + repeat
        if self.pattern.startswith("trace:"):
            from acceltrial.load.from_trace import schedule_from_trace

            path = Path(self.pattern.removeprefix("trace:"))
            return schedule_from_trace(
                path, warp=self.warp, requests=self.requests, duration_s=self.duration, **self._lengths(seed)
            )
        if self.pattern == "closed":
            streams = self.concurrency or 1
            return Schedule.closed_loop(
                streams,
                requests=self.requests or self._supply(streams),
                duration_s=self.duration or 0.0,
                think_s=self.think,
                **self._lengths(seed),
            )
        return self.at_rate(self.rate or 1.0, seed)

    def at_rate(self, rate: float, seed: int) -> Schedule:
        """The open arrivals at another rate and seed, for a search."""
        from acceltrial.load import Schedule

        duration = None if self.requests else (self.duration or _DEFAULT_DURATION_S)
        return Schedule.open_loop(
            self.pattern, rate_rps=rate, requests=self.requests, duration_s=duration, **self._lengths(seed)
        )

    def _lengths(self, seed: int) -> dict[str, Any]:
        return {"input_tokens": self.input_tokens, "output_tokens": self.output_tokens, "seed": seed}

    def _supply(self, streams: int) -> int:
        """Requests for a closed loop, more than its streams can send: all are rendered before it starts."""
        if not self.duration:
            return _DEFAULT_CLOSED_REQUESTS
        fastest_s = _FASTEST_ANSWER_S + self.think
        return int(min(_MOST_CLOSED, max(_FEWEST_CLOSED, streams * self.duration / fastest_s)))


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Asking:
    """How the server is asked.

    Attributes:
        model: name that the server knows; empty where it serves only one.
        api: which of the server's interfaces to use.
        stream: ask for tokens one by one.
        ignore_eos: make the server write all output tokens (engines that know ignore_eos or min_tokens).
        tokenizer: folder or tokenizer.json of the model, for exact prompt lengths and our own counts.
        timeout: seconds that one request may take.
        extra_body: JSON object of fields for every request, such as {"temperature": 0}.
        api_key_env: name of the environment variable that holds the API key.
        insecure: do not verify the server's certificate.
        ca_file: certificates to trust instead of the system's.
    """

    model: str = ""
    api: Literal["completions", "chat", "embeddings", "rerank"] = "completions"
    stream: bool = True
    ignore_eos: Switch = False
    tokenizer: Path | None = None
    timeout: float = 300.0
    extra_body: str | None = None
    api_key_env: str | None = None
    insecure: Switch = False
    ca_file: Path | None = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Measuring:
    """How it is measured and judged.

    Attributes:
        warmup: requests sent first and left out of every figure.
        processes: load processes, or auto.
        slo: service level, such as ttft_ms<=500,tpot_ms<=50@0.99.
        find_goodput: search for the highest rate that meets --slo, starting at --rate.
        repeats: run so many times, with seeds from --seed on, and tell the spread between runs.
        calibrate: measure the instrument's own error against a reference server first.
        strict: end with code 4 when the instrument broke its bounds.
        quality: ask this task set and judge the answers: routing, sentiment, order-number, record, questions,
            summaries, code or tool-calls; search for embeddings, rerank for rerankers.
        scale_out: send from several machines: ray, or ray:ADDRESS of a cluster.
        workers: how many, with --scale-out.
    """

    warmup: int = 0
    processes: str = "auto"
    slo: str | None = None
    find_goodput: Switch = False
    repeats: int = 1
    calibrate: bool = True
    strict: Switch = False
    quality: str | None = None
    scale_out: str | None = None
    workers: int = 2

    def require_sense(self) -> None:
        """Raises ConfigurationError where two ways of running are asked for at once."""
        if self.repeats < 1 or (self.repeats > 1 and self.find_goodput):
            raise usage_error("--repeats must be at least 1, and --find-goodput repeats by itself")
        elsewhere = self.quality is not None or self.scale_out is not None
        if elsewhere and (self.find_goodput or self.repeats > 1):
            raise usage_error("--quality and --scale-out go with neither --find-goodput nor --repeats")


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
