"""`python -m benchmarks.load.table`: the README's tables from results.json, so that no figure is typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROWS = (
    ("closed_rps", "closed loop, 256 streams, requests/s", "670", "≥ 2,000"),
    ("closed_share_of_bare", "… as a share of a bare asyncio client", "", "≥ 0.85"),
    ("closed_cpu_s_per_1000", "client CPU in that loop, s per 1,000 requests", "2.7", "≤ 0.3"),
    ("closed_bare_cpu_s_per_1000", "… of the bare client", "", ""),
    ("ttft_error_p50_ms", "Poisson 400/s: TTFT error p50, ms", "1.2", "≤ 0.2"),
    ("ttft_error_p99_ms", "… p99", "12.6", "≤ 0.6"),
    ("itl_error_p99_ms", "ITL error p99 at 400/s, ms", "0.30", "≤ 0.05"),
    ("lag_p99_ms", "send lag p99 at 400/s, ms", "11.2", "≤ 0.5"),
    ("rate_off_schedule", "rate sent against the schedule, share off", "up to 0.11", "0"),
    ("start_to_first_request_s", "start to first request, s", "6.2", "≤ 1"),
    ("start_ahead_s", "… with precedence over the other work here", "", "≤ 1"),
    ("start_calibrated_s", "… with the calibration before it", "", ""),
    ("peak_rss_mb", "peak memory of the load process, MB", "912", "≤ 120"),
    ("replay_lag_p99_ms", "Azure conversation × 20: send lag p99, ms", "", "≤ 2"),
    ("replay_failed", "… requests lost of 19,366", "", "0"),
)
KS_RATES = (50, 100, 200, 400, 800, 1_600)
PEER_ROWS = (
    ("closed_rps", "closed loop, 256 streams, requests/s"),
    ("marginal_cpu_s_per_1000", "marginal CPU of all its processes, s per 1,000 requests"),
    ("ttft_error_p50_ms", "Poisson 400/s: TTFT error p50, ms"),
    ("ttft_error_p99_ms", "… p99, ms"),
    ("reported_ttft_p99_ms", "TTFT p99 that it reports, ms"),
    ("server_ttft_p99_ms", "… and that the server had, ms"),
    ("itl_error_p99_ms", "ITL error p99, ms"),
    ("mean_itl_error_p99_ms", "error p99 of a request's mean ITL, ms"),
    ("lag_p99_ms", "send lag p99 by its own account, ms"),
    ("achieved_over_asked", "rate achieved ÷ asked"),
    ("ks_p_value", "Kolmogorov–Smirnov p of arrivals at the server against the rate asked"),
    ("ks_p_value_own_rate", "… against the rate achieved"),
    ("start_to_first_request_s", "start to first request, s"),
    ("start_to_end_beyond_load_s", "start to end, beyond the load itself, s"),
    ("peak_rss_mb", "peak memory of all its processes, MB"),
    ("peak_pss_mb", "… shared pages divided, MB"),
)
CURVE = (
    "lag_p50_ms",
    "lag_p99_ms",
    "ttft_error_p50_ms",
    "ttft_error_p99_ms",
    "itl_error_p99_ms",
    "ks_p_value",
    "cpu_share",
    "failed",
)
CURVE_RATES = (1, 10, 100, 1_000, 2_000)


def told(value: float) -> str:
    """Three digits that matter, thousands in full."""
    return f"{value:,.0f}" if value >= 1_000 else f"{value:.3g}"


def peer_rows(peers: dict[str, Any]) -> list[str]:
    """The table of tools: the median, and below it why a tool has no column."""
    ran = {name: found for name, found in peers.items() if not isinstance(found, str)}
    rows = ["| figure | " + " | ".join(ran) + " |", "| --- |" + " --- |" * len(ran)]
    for name, label in PEER_ROWS:
        rows.append(f"| {label} | " + " | ".join(_spread(found.get(name)) for found in ran.values()) + " |")
    rows += [f"\n{name}: {reason}" for name, reason in peers.items() if isinstance(reason, str)]
    for name, found in ran.items():
        rows += [f"\n{name}, a run that failed: {reason}" for reason in found.get("failed_runs", ())]
    return rows


def _spread(one: dict[str, Any] | None) -> str:
    if one is None or one["median"] is None:
        return "–"
    if len(one["runs"]) == 1:
        return told(one["median"])
    return f"{told(one['median'])} ({told(one['low'])} – {told(one['high'])})"


def _point(found: dict[str, Any], rate: int, name: str) -> str:
    one = found.get(f"curve_{rate}_{name}")
    return "–" if one is None else f"{one['median']:.3g}"


def main() -> None:
    result = json.loads((Path(__file__).parent / "results.json").read_text())
    found: dict[str, Any] = result["figures"]
    print(
        "| figure | best peer seen | to reach | median | lowest – highest |\n| --- | --- | --- | --- | --- |"
    )
    for name, label, peer, goal in ROWS:
        if name in found:
            one = found[name]
            spread = f"{told(one['low'])} – {told(one['high'])}"
            print(f"| {label} | {peer} | {goal} | {told(one['median'])} | {spread} |")
    rejected = ", ".join(
        f"{found[f'ks_rejected_at_{rate}']['median']:.0f} at {rate:,}/s"
        for rate in KS_RATES
        if f"ks_rejected_at_{rate}" in found
    )
    label = "Kolmogorov–Smirnov of sent gaps at 5 %: rejections in 10 seeds"
    print(f"| {label} | none passed | 0.5 expected | {rejected} | |")
    if result.get("peers"):
        print("\n" + "\n".join(peer_rows(result["peers"])))
    print(f"\n{result['date']}, {result['machine']['cpu_model']}, {result['machine']['cores']} cores\n")
    print("| requests/s | " + " | ".join(CURVE) + " |\n|" + " --- |" * (len(CURVE) + 1))
    for rate in CURVE_RATES:
        values = (_point(found, rate, name) for name in CURVE)
        print(f"| {rate:,} | " + " | ".join(values) + " |")


if __name__ == "__main__":
    main()
