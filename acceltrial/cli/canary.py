"""`acceltrial canary`: judge recorded streams, and say beforehand what a canary can show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from acceltrial.cli.canary_control import add_to
from acceltrial.cli.json_output import print_json
from acceltrial.errors import ConfigurationError

if TYPE_CHECKING:
    from acceltrial.canary.recorded import Verdict

app = App(name="canary", help="Run a canary on live traffic; judge recorded streams; plan one.")
add_to(app)

Json = Annotated[bool, Parameter(name="--json", negative="")]


@app.command
def judge(
    streams: Path,
    *,
    guardrails: Path | None = None,
    interval: float | None = None,
    as_json: Json = False,
) -> None:
    """Judge every stream in STREAMS as if it had been watched at every look.

    Args:
        streams: Parquet, or CSV (.csv), with the columns stream, t_s, arm (`baseline` or `canary`),
            latency_ms, ok and, where known, ttft_ms, itl_ms, quality (0 to 1), class, memory_bytes,
            output_tokens, cost_usd, refused, throttled, hardware_error (0 or 1); one row a request, in any
            order.
        guardrails: YAML with the judge's settings; without it latency and errors are watched, and
            whatever else the columns allow.
        interval: seconds between looks (the guardrails' own, else 60, when absent).
        as_json: print the verdicts as JSON on stdout.
    """
    from acceltrial.canary.guardrails import JudgeSettings, load_settings
    from acceltrial.canary.recorded import judge_streams

    settings = load_settings(guardrails) if guardrails else JudgeSettings()
    if interval is not None:
        if not 0 < interval < float("inf"):
            raise ConfigurationError(
                f"an interval of {interval} s is not positive",
                where="--interval",
                remedy="give seconds, like 60",
            )
        settings = settings.model_copy(update={"interval_s": interval})
    found = judge_streams(streams, settings)
    if as_json:
        print_json({"streams": found})
    else:
        _print_verdicts(found)


@app.command
def plan(
    plan_file: Path | None = None,
    *,
    rps: float | None = None,
    share: float = 0.05,
    minutes: float = 60.0,
    guardrails: Path | None = None,
    as_json: Json = False,
) -> None:
    """Say what a canary can show before it starts: the smallest effect, and the traffic that it takes.

    Args:
        plan_file: YAML of a whole plan; its steps, times and guardrails are used.
        rps: requests a second of both arms together (the plan's `expected_rps` when absent).
        share: the canary's share of traffic, without a plan.
        minutes: how long the canary runs, without a plan.
        guardrails: YAML with the judge's settings, without a plan.
        as_json: print as JSON on stdout.
    """
    from acceltrial.canary.forecast import expectation, forecast
    from acceltrial.canary.guardrails import JudgeSettings, load_settings
    from acceltrial.canary.plan import load_plan

    if plan_file is not None:
        loaded = load_plan(plan_file)
        rate = rps if rps is not None else loaded.expected_rps
        _check_rate(rate)
        rows = forecast(loaded, float(rate or 0))
    else:
        _check_rate(rps)
        if not (0 < share < 1 and 0 < minutes < float("inf")):
            raise ConfigurationError(
                f"share {share} or minutes {minutes} is out of range",
                where="canary plan",
                remedy="give a share between 0 and 1 and a positive time",
            )
        settings = load_settings(guardrails) if guardrails else JudgeSettings()
        requests = float(rps or 0) * share * minutes * 60
        rows = expectation(settings, requests, (1 - share) / share)
    enough = all(shown.enough(requests) for shown, requests in rows)
    result = {
        "verdict": "sufficient" if enough else "insufficient_traffic",
        "guardrails": [
            {
                "guardrail": shown.guardrail,
                "canary_requests": requests,
                "baseline_share": shown.baseline_share,
                "demanded_share": shown.demanded_share,
                "needed_canary_requests": shown.needed_requests,
                "smallest_detectable_share": shown.smallest_share(requests),
                "sufficient": shown.enough(requests),
            }
            for shown, requests in rows
        ],
    }
    if as_json:
        print_json(result)
    else:
        _print_plan(result)


def _check_rate(rps: float | None) -> None:
    if rps is None or not 0 < rps < float("inf"):
        raise ConfigurationError(
            "the traffic is not known" if rps is None else f"{rps} requests a second is out of range",
            where="--rps",
            remedy="give the requests a second of both arms together, like --rps 20",
        )


def _print_verdicts(found: list[Verdict]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from acceltrial.canary.recorded import plain

    table = Table("stream", "verdict", "at", "guardrail", "reason")
    for row in found:
        table.add_row(
            escape(plain(row["stream"])),
            row["verdict"],
            f"{row['at_s'] / 60:.1f} min",
            row["guardrail"] or "–",
            escape(row["evidence"]["reason"]),
        )
    Console().print(table)


def _print_plan(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("guardrail", "expected share", "must show", "can show", "canary requests", "needed")
    for row in result["guardrails"]:
        smallest = row["smallest_detectable_share"]
        table.add_row(
            row["guardrail"],
            f"{row['baseline_share']:.2%}",
            f"{row['demanded_share']:.2%}",
            "nothing" if smallest is None else f"{smallest:.2%}",
            f"{row['canary_requests']:,.0f}",
            f"{row['needed_canary_requests']:,}",
        )
    console = Console()
    console.print(table)
    console.print(result["verdict"].replace("_", " "))
