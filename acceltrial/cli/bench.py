"""`acceltrial bench`: drive a server and tell how far the figures can be trusted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from acceltrial.cli.bench_flags import Asking, Measuring, Traffic, extra_body, processes_of
from acceltrial.cli.json_output import print_json

if TYPE_CHECKING:
    from acceltrial.load import LoadPlan

app = App(name="bench", help="Drive a server with a schedule or trace; tells the instrument's error.")


@app.default
def bench(
    url: str,
    *,
    traffic: Traffic | None = None,
    asking: Asking | None = None,
    measuring: Measuring | None = None,
    out: Path | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Drive the server at URL, as OpenAI clients take it (with /v1).

    Args:
        url: base URL of the server, such as http://127.0.0.1:8000/v1.
        traffic: what is sent, and when.
        asking: how the server is asked.
        measuring: how it is measured and judged.
        out: folder for requests.parquet, schedule.parquet, summary.json and charts.
        as_json: print the summary as JSON on stdout.
    """
    from acceltrial.cli import progress
    from acceltrial.cli.bench_ways import run_asked

    traffic, asking, measuring = traffic or Traffic(), asking or Asking(), measuring or Measuring()
    traffic.require_sense()
    measuring.require_sense()
    plan = _plan(url, traffic, asking, measuring, progress.say)
    with progress.shown():
        summary = run_asked(plan, traffic, measuring, out)
    if as_json:
        print_json(summary)
    else:
        from acceltrial.cli.bench_table import show

        show(summary)
    return _exit_code(summary, strict=measuring.strict)


def _plan(
    url: str, traffic: Traffic, asking: Asking, measuring: Measuring, say: Callable[[str], None]
) -> LoadPlan:
    """The flags as one run; where it writes is up to the way in which it is run."""
    from acceltrial.load import LoadPlan

    return LoadPlan(
        base_url=url,
        api=asking.api,
        model=asking.model,
        schedule=traffic.schedule(),
        stream=asking.stream,
        timeout_s=asking.timeout,
        slo=measuring.slo,
        calibrate=measuring.calibrate,
        ignore_eos=asking.ignore_eos,
        negotiate=True,
        extra_body=extra_body(asking.extra_body),
        api_key_env=asking.api_key_env,
        tokenizer=asking.tokenizer,
        warm_up=measuring.warmup,
        processes=processes_of(measuring.processes),
        verify_tls=not asking.insecure,
        ca_file=asking.ca_file,
        progress=say,
    )


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
