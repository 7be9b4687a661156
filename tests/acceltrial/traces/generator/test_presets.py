from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.traces import open_trace, trace_stats
from acceltrial.traces.generator import PRESETS


@pytest.mark.parametrize(
    ("preset", "file"),
    [("azure_code", "azure_llm_2023_code.csv.gz"), ("azure_conversation", "azure_llm_2023_conv.csv.gz")],
)
def test_presets_hold_the_statistics_of_the_published_files(
    shared_data: Path, preset: str, file: str
) -> None:
    stats = trace_stats(open_trace(shared_data / "traces" / file))
    spec = PRESETS[preset]
    assert spec.rate_rps == pytest.approx(stats.rate_rps, rel=0.01)
    assert spec.idc_60s == pytest.approx(stats.idc_60s, rel=0.01)
    assert spec.output_tokens is not None
    assert spec.output_tokens.quantiles[0.99] == pytest.approx(stats.output_tokens.p99, rel=0.01)
