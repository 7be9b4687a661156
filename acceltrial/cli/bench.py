"""`acceltrial bench`: drive a server and tell how far the figures can be trusted."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

if TYPE_CHECKING:
    from acceltrial.load import LoadPlan, Schedule

app = App(name="bench", help="Drive a server with a schedule or trace; tells the instrument's error.")

_DEFAULT_DURATION_S = 30.0
_DEFAULT_CLOSED_REQUESTS = 200
_SEARCH_RUN_S = 10.0


@app.default
def bench(
    url: str,
    *,
    model: str = "",
    api: Literal["completions", "chat", "embeddings", "rerank"] = "completions",
    arrivals: str = "poisson",
    rate: float | None = None,
    concurrency: int | None = None,
    requests: int | None = None,
    duration: float | None = None,
    input_tokens: str = "128",
    output_tokens: str = "128",
    stream: bool = True,
    ignore_eos: Annotated[bool, Parameter(negative="")] = False,
    tokenizer: Path | None = None,
    seed: int = 0,
    warmup: int = 0,
    processes: str = "auto",
    slo: str | None = None,
    find_goodput: Annotated[bool, Parameter(negative="")] = False,
    repeats: int = 1,
    calibrate: bool = True,
    warp: float = 1.0,
    think: float = 0.0,
    timeout: float = 300.0,
    extra_body: str | None = None,
    api_key_env: str | None = None,
    insecure: Annotated[bool, Parameter(negative="")] = False,
    ca_file: Path | None = None,
    strict: Annotated[bool, Parameter(negative="")] = False,
    quality: str | None = None,
    scale_out: str | None = None,
    workers: int = 2,
    out: Path | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Drive the server at URL, as OpenAI clients take it (with /v1).

    Args:
        url: base URL of the server, such as http://127.0.0.1:8000/v1.
        model: name that the server knows; empty where it serves only one.
        api: which of the server's interfaces to use.
        arrivals: constant, poisson, gamma:CV, weibull:CV, closed or trace:FILE.
        rate: requests a second of an open loop (default 1).
        concurrency: streams of a closed loop; giving it alone means --arrivals closed.
        requests: how many requests to send.
        duration: seconds of arrivals (30 where neither is given; 200 requests in a closed loop).
        input_tokens: prompt length: N, uniform:LOW,HIGH, normal:MEAN,SD or lognormal:MEAN,CV. Without
            --tokenizer, lengths count by the server's own usage after a short probe.
        output_tokens: most output tokens of a request, in the same forms.
        stream: ask for tokens one by one.
        ignore_eos: make the server write all output tokens (engines that know ignore_eos or min_tokens).
        tokenizer: folder or tokenizer.json of the model, for exact prompt lengths and our own counts.
        seed: of everything drawn; equal seeds give equal schedules and prompts.
        warmup: requests sent first and left out of every figure.
        processes: load processes, or auto.
        slo: service level, such as ttft_ms<=500,tpot_ms<=50@0.99.
        find_goodput: search for the highest rate that meets --slo, starting at --rate.
        repeats: run so many times, with seeds from --seed on, and tell the spread between runs.
        calibrate: measure the instrument's own error against a reference server first.
        warp: play a trace so many times as fast.
        think: seconds that a stream of a closed loop waits between answer and next request.
        timeout: seconds that one request may take.
        extra_body: JSON object of fields for every request, such as {"temperature": 0}.
        api_key_env: name of the environment variable that holds the API key.
        insecure: do not verify the server's certificate.
        ca_file: certificates to trust instead of the system's.
        strict: end with code 4 when the instrument broke its bounds.
        quality: ask this task set and judge the answers: routing, sentiment, order-number, record, questions,
            summaries, code or tool-calls; search for embeddings, rerank for rerankers.
        scale_out: send from several machines: ray, or ray:ADDRESS of a cluster.
        workers: how many, with --scale-out.
        out: folder for requests.parquet, schedule.parquet, summary.json and charts.
        as_json: print the summary as JSON on stdout.
    """
    from acceltrial.cli import progress
    from acceltrial.load import LoadPlan, run_load

    lengths = {"input_tokens": input_tokens, "output_tokens": output_tokens}
    given = _Given(arrivals, rate, concurrency, requests, duration, lengths, seed, warp, think)
    plan = LoadPlan(
        base_url=url,
        api=api,
        model=model,
        schedule=given.schedule(),
        stream=stream,
        timeout_s=timeout,
        slo=slo,
        calibrate=calibrate,
        ignore_eos=ignore_eos,
        extra_body=_extra_body(extra_body),
        api_key_env=api_key_env,
        tokenizer=tokenizer,
        out_dir=None if find_goodput or repeats > 1 else out,
        warm_up=warmup,
        processes=_processes(processes),
        verify_tls=not insecure,
        ca_file=ca_file,
        progress=progress.say,
    )
    if repeats < 1 or (repeats > 1 and find_goodput):
        raise _usage("--repeats must be at least 1, and --find-goodput repeats by itself")
    with progress.shown():
        if quality is not None or scale_out is not None:
            if find_goodput or repeats > 1:
                raise _usage("--quality and --scale-out go with neither --find-goodput nor --repeats")
            from acceltrial.cli.bench_ways import run_asked

            summary = run_asked(plan, quality, scale_out, workers)
        elif find_goodput:
            summary = _search(plan, given, out)
        else:
            summary = run_load(plan).summary if repeats == 1 else _repeat(plan, given, repeats, out)
    if as_json:
        import orjson

        sys.stdout.buffer.write(orjson.dumps(summary, option=orjson.OPT_INDENT_2) + b"\n")
        sys.stdout.flush()
    else:
        from acceltrial.cli.bench_table import show

        show(summary)
    return _exit_code(summary, strict=strict)


class _Given:
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
                raise _usage(message)
        numbers = (self.rate, self.duration, self.warp, self.requests, self.concurrency)
        if (
            any(number is not None and not 0 < number < 1e9 for number in numbers)
            or not 0 <= self.think < 1e6
        ):
            raise _usage("rates, durations, counts and factors must be positive numbers")

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
            count = self.requests or (_MOST_CLOSED if self.duration else _DEFAULT_CLOSED_REQUESTS)
            return Schedule.closed_loop(
                self.concurrency or 1,
                requests=count,
                duration_s=self.duration or 0.0,
                think_s=self.think,
                **lengths,
            )
        return self.at_rate(self.rate or 1.0, self.seed + repeat)

    def at_rate(self, rate: float, seed: int) -> Schedule:
        from acceltrial.load import Schedule

        duration = None if self.requests else (self.duration or _DEFAULT_DURATION_S)
        lengths = self.lengths | {"seed": seed}
        return Schedule.open_loop(
            self.arrivals, rate_rps=rate, requests=self.requests, duration_s=duration, **lengths
        )


_MOST_CLOSED = 100_000


def _search(plan: LoadPlan, given: _Given, out: Path | None) -> dict[str, Any]:
    """The summary of the run at the best rate, with the search under `goodput`."""
    from acceltrial.load import LoadResult, run_load
    from acceltrial.load.goodput import find_goodput

    if plan.slo is None or given.concurrency is not None or given.arrivals.startswith("trace:"):
        raise _usage("--find-goodput needs --slo and open arrivals (constant, poisson, gamma:CV, weibull:CV)")
    if not given.requests and not given.duration:
        given.duration = _SEARCH_RUN_S
    results: dict[float, LoadResult] = {}

    def run(rate_rps: float, number: int) -> LoadResult:
        plan.progress(f"trying {rate_rps:.3g} requests/s")
        schedule = given.at_rate(rate_rps, given.seed + number)
        folder = out / f"rate-{rate_rps:.4g}" if out else None
        results[rate_rps] = run_load(replace(plan, schedule=schedule, out_dir=folder))
        return results[rate_rps]

    found = find_goodput(run, given.rate or 1.0)
    shown = results[found.rate_rps] if found.rate_rps else results[found.trials[-1].rate_rps]
    summary = shown.summary | {"goodput": found.summary()}
    if out is not None:
        from acceltrial.load.output import write_json

        write_json(out / "summary.json", summary)
    return summary


def _repeat(plan: LoadPlan, given: _Given, repeats: int, out: Path | None) -> dict[str, Any]:
    """The summary of the middle run with the spread under `repeats`; each run has a folder of its own."""
    from acceltrial.load import LoadResult, run_load
    from acceltrial.load.repeats import repeated

    def run(number: int) -> LoadResult:
        plan.progress(f"run {number + 1} of {repeats}")
        folder = out / f"run-{number + 1}" if out else None
        return run_load(replace(plan, schedule=given.schedule(number), out_dir=folder))

    summary = repeated(run, repeats)
    if out is not None:
        from acceltrial.load.output import write_json

        write_json(out / "summary.json", summary)
    return summary


def _extra_body(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    import orjson

    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _usage(f"--extra-body is no JSON ({error})") from error
    if not isinstance(found, dict):
        raise _usage("--extra-body must be a JSON object")
    return found


def _processes(text: str) -> int:
    if text == "auto":
        return 0
    if not text.isdigit() or not 1 <= int(text) <= 256:
        raise _usage(f"--processes {text}: give a number from 1 to 256, or auto")
    return int(text)


def _exit_code(summary: dict[str, Any], *, strict: bool) -> int:
    from acceltrial.errors import GateError, TargetUnavailableError

    counts = summary["requests"]
    if not counts["completed"]:
        raise TargetUnavailableError(
            f"none of {counts['planned']} requests was answered ({_failures(summary)})",
            where=summary["target"]["base_url"],
            remedy="check that the server runs and knows the model and the API",
        )
    return GateError.exit_code if strict and not summary["instrument"]["valid"] else 0


def _failures(summary: dict[str, Any]) -> str:
    examples = summary["error_examples"]
    return "; ".join(
        f"{name}: {examples[name][:160]}" if name in examples else name for name in summary["errors"]
    )


def _usage(message: str) -> Exception:
    from acceltrial.errors import ConfigurationError

    return ConfigurationError(message, where="acceltrial bench", remedy="acceltrial bench --help")
