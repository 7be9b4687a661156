"""What a person reads of a load run's summary."""

from __future__ import annotations

from typing import Any

_LATENCIES = ("ttft_ms", "ttft_from_intended_ms", "itl_ms", "tpot_ms", "e2e_ms", "send_lag_ms")
_COLUMNS = ("p50", "p90", "p95", "p99", "mean")


def show(summary: dict[str, Any]) -> None:
    """Prints counts, latencies, errors and the instrument's verdict on stderr."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(stderr=True, highlight=False)
    table = Table("ms", *_COLUMNS, "p95 interval", "n")
    for name in _LATENCIES:
        found = summary[name]
        if found["n"]:
            table.add_row(
                name.removesuffix("_ms"),
                *(_number(found[c]) for c in _COLUMNS),
                _pair(found),
                str(found["n"]),
            )
    console.print(table)
    for line in [*lines(summary), *quality_lines(summary)]:
        console.print(escape(line))


def lines(summary: dict[str, Any]) -> list[str]:
    """The facts around the table, one a line."""
    counts, rate = summary["requests"], summary["rate"]
    instrument, client = summary["instrument"], summary["client"]
    found = [
        f"requests: {counts['completed']} completed, {counts['failed']} failed of {counts['planned']}",
        f"rate: asked {_number(rate['asked_rps'])}/s, achieved {_number(rate['achieved_rps'])}/s;"
        f" at most {summary['in_flight']['max']} in flight on {summary['connections']['opened']} connections",
        f"output: {_number(summary['tokens']['output_tokens_per_s'])} tokens/s;"
        f" prompt lengths by {summary['tokens']['input_lengths_by']}",
        f"client: {client['cpu_s']:.2f} s CPU, {client['peak_rss_mb']:.0f} MB,"
        f" first request after {client['startup_s']:.2f} s",
    ]
    found += _left_out(summary)
    examples = summary["error_examples"]
    found += [
        f"failed: {count} × {name}" + (f" ({examples[name][:160]})" if name in examples else "")
        for name, count in summary["errors"].items()
    ]
    if summary.get("slo"):
        found.append(
            f"service level {summary['slo']['expression']}: met by {summary['slo']['attainment']:.1%}"
        )
    if summary["stationarity"]["drifting"]:
        found.append(f"DRIFTING: {summary['stationarity']['reason']}")
    if summary.get("goodput"):
        goodput = summary["goodput"]
        found.append(
            f"goodput: {_number(goodput['rate_rps'])}/s ({goodput['reason']}; {len(goodput['trials'])} runs)"
        )
    if summary.get("repeats"):
        found += _repeats(summary["repeats"])
    if instrument["valid"]:
        error = instrument["ttft_error_ms"]
        told = (
            f"TTFT error p50 {error['p50']:.2f}, p99 {error['p99']:.2f} ms" if error else "error not measured"
        )
        found.append(f"instrument: valid ({told})")
    else:
        found.append(f"instrument: INVALID: {'; '.join(instrument['reasons'])}")
    return found


def quality_lines(summary: dict[str, Any]) -> list[str]:
    """What judging the answers and sending from several machines came to, one line each."""
    shown = []
    found = summary.get("quality")
    if found:
        rate = found["success_rate"]
        told = rate.get("reason") or ""
        if rate["value"] is not None:
            told = f"{rate['value']:.1%} right ({rate['low']:.1%} to {rate['high']:.1%}, n {rate['n']})"
        counts = ", ".join(f"{n} {name}" for name, n in found.get("verdicts", {}).items())
        shown.append(f"quality: {told}" + (f"; {counts}" if counts else ""))
    scale_out = summary.get("scale_out")
    if scale_out:
        count, lost = len(scale_out["workers"]), scale_out["lost"]
        agree = f"clocks agree within {scale_out['common_clock_uncertainty_ms']:.3f} ms"
        shown.append(f"scale-out: {count} workers over {scale_out['transport']}, {lost} lost; {agree}")
    return shown


def _left_out(summary: dict[str, Any]) -> list[str]:
    """What the server was not asked for, and what came of it."""
    target, early = summary["target"], summary["tokens"]["ended_early"]
    told = []
    if target["fields_left_out"]:
        told.append(f"left out, since the server refuses it: {', '.join(target['fields_left_out'])}")
    if target["end_ignored_by"] is not None:
        told.append(f"end ignored by: {', '.join(target['end_ignored_by']) or 'nothing that it takes'}")
        if early:
            told.append(f"{early} answers ended early, though the end was to be ignored")
    return told


def _repeats(repeats: dict[str, Any]) -> list[str]:
    """The spread of what matters most; the table above is of the middle run."""
    told = [f"runs: {repeats['valid']} valid of {repeats['runs']}; the table is of the middle one"]
    for name in ("ttft_ms.p50", "ttft_ms.p99", "tpot_ms.p50", "e2e_ms.p99", "rate.achieved_rps"):
        one = repeats["figures"][name]
        if one["n"]:
            extremes = f"{_number(one['low'])} to {_number(one['high'])}"
            told.append(f"  {name}: median {_number(one['median'])}, {extremes}")
    told += [f"  run {one['run']} is left out: {'; '.join(one['reasons'])}" for one in repeats["left_out"]]
    return told


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 1_000 else f"{value:.4g}"


def _pair(found: dict[str, Any]) -> str:
    pair = found["intervals"]["p95"]
    return "–" if pair is None else f"{_number(pair[0])}–{_number(pair[1])}"
