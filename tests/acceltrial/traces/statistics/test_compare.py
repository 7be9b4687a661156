from __future__ import annotations

from acceltrial.traces import GeneratorSpec, generate, trace_stats
from acceltrial.traces.statistics import compare_stats


def test_a_trace_compares_to_itself_with_ones_and_unknowns_stay_empty() -> None:
    stats = trace_stats([generate(GeneratorSpec(rate_rps=5, duration_s=600), 1)])
    table = compare_stats(stats, stats)
    ratios = dict(table.select("figure", "ratio").iter_rows())
    assert ratios["idc_10s"] == 1.0
    assert ratios["input_tokens_p50"] is None
