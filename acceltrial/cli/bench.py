"""`acceltrial bench`: drive a server and tell how far the figures can be trusted."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from acceltrial.cli import bench_flags as flags
from acceltrial.cli.bench_flags import Given, usage_error

if TYPE_CHECKING:
    from acceltrial.load import LoadPlan

app = App(name="bench", help="Drive a server with a schedule or trace; tells the instrument's error.")

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
    given = Given(arrivals, rate, concurrency, requests, duration, lengths, seed, warp, think)
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
        negotiate=True,
        extra_body=flags.extra_body(extra_body),
        api_key_env=api_key_env,
        tokenizer=tokenizer,
        out_dir=None if find_goodput or repeats > 1 else out,
        warm_up=warmup,
        processes=flags.processes_of(processes),
        verify_tls=not insecure,
        ca_file=ca_file,
        progress=progress.say,
    )
    if repeats < 1 or (repeats > 1 and find_goodput):
        raise usage_error("--repeats must be at least 1, and --find-goodput repeats by itself")
    with progress.shown():
        if quality is not None or scale_out is not None:
            if find_goodput or repeats > 1:
                raise usage_error("--quality and --scale-out go with neither --find-goodput nor --repeats")
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


def _search(plan: LoadPlan, given: Given, out: Path | None) -> dict[str, Any]:
    """The summary of the run at the best rate, with the search under `goodput`."""
    from acceltrial.load import LoadResult, run_load
    from acceltrial.load.goodput import find_goodput

    if plan.slo is None or given.concurrency is not None or given.arrivals.startswith("trace:"):
        raise usage_error(
            "--find-goodput needs --slo and open arrivals (constant, poisson, gamma:CV, weibull:CV)"
        )
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


def _repeat(plan: LoadPlan, given: Given, repeats: int, out: Path | None) -> dict[str, Any]:
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


def _exit_code(summary: dict[str, Any], *, strict: bool) -> int:
    from acceltrial.cli.bench_remedies import remedy
    from acceltrial.errors import GateError, TargetUnavailableError

    counts = summary["requests"]
    if not counts["completed"]:
        raise TargetUnavailableError(
            f"none of {counts['planned']} requests was answered ({_failures(summary)})",
            where=summary["target"]["base_url"],
            remedy=remedy(summary),
        )
    return GateError.exit_code if strict and not summary["instrument"]["valid"] else 0


def _failures(summary: dict[str, Any]) -> str:
    examples = summary["error_examples"]
    return "; ".join(
        f"{name}: {examples[name][:160]}" if name in examples else name for name in summary["errors"]
    )
