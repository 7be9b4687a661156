"""Published statistics of real services, as generator specs with source and date."""

from __future__ import annotations

from typing import Final

from acceltrial.traces.generator.lengths import LengthSpec
from acceltrial.traces.generator.spec import ActiveSpec, DaySpec, GeneratorSpec, SessionSpec

_AZURE = (
    "Azure/AzurePublicDataset @b469a113 (CC BY 4.0; Patel et al., Splitwise, ISCA 2024), statistics of {}"
)
_DATE = "2023-11-16"

PRESETS: Final[dict[str, GeneratorSpec]] = {
    "azure_code": GeneratorSpec(
        rate_rps=2.57, gap_cv=13.15, idc_1s=13.2, idc_10s=71.9, idc_60s=166.9,
        input_tokens=LengthSpec(quantiles={0.5: 1469, 0.95: 7303, 0.99: 7436}, maximum=7437),
        output_tokens=LengthSpec(quantiles={0.5: 13, 0.95: 90, 0.99: 251}, maximum=1899),
        source=_AZURE.format("AzureLLMInferenceTrace_code.csv"), as_of=_DATE,
    ),
    "azure_conversation": GeneratorSpec(
        rate_rps=5.53, gap_cv=1.09, idc_1s=1.4, idc_10s=3.9, idc_60s=16.4,
        input_tokens=LengthSpec(quantiles={0.5: 1020, 0.95: 4083, 0.99: 4142}, maximum=14050),
        output_tokens=LengthSpec(quantiles={0.5: 129, 0.95: 451, 0.99: 601}, maximum=1000),
        length_correlation=-0.11,
        source=_AZURE.format("AzureLLMInferenceTrace_conv.csv"), as_of=_DATE,
    ),
    "mooncake_conversation": GeneratorSpec(
        rate_rps=3.18, idc_10s=2.0, idc_60s=2.8,
        input_tokens=LengthSpec(quantiles={0.5: 7640, 0.95: 41793, 0.99: 91207}, maximum=123192),
        output_tokens=LengthSpec(quantiles={0.5: 356, 0.95: 707, 0.99: 1105}, maximum=2000),
        sessions=SessionSpec(follow_up_share=0.5, max_pause_s=1200),
        source="kvcache-ai/Mooncake @3b5a5941 (Apache-2.0), first 30 minutes of conversation_trace.jsonl",
        as_of="2025-02",
    ),
    "servegen_mm_image": GeneratorSpec(
        rate_rps=9.47, duration_s=86_400, clients=35, client_cv=1.37, day=DaySpec(peak_to_mean=1.4),
        source="alibaba/ServeGen @f891d118 (Apache-2.0), 35 clients of mm-image; median client CV 1.37",
        as_of="2025",
    ),
    "poisson": GeneratorSpec(
        rate_rps=1.0, gap_cv=1.0, idc_1s=1.0, idc_10s=1.0, idc_60s=1.0, clients=1,
        source="the reference process without memory",
    ),
    "sensor_events": GeneratorSpec(
        rate_rps=50.0, clients=200, client_skew=0.0, client_cv=0.1, gap_cv=1.0,
        source="declared: many sensors, each nearly periodic, always on",
    ),
    "scoring": GeneratorSpec(
        rate_rps=40.0, clients=12, day=DaySpec(peak_to_mean=1.6), duration_s=86_400,
        source="declared: transactions over a business day, no tokens",
    ),
    "nightly_batch": GeneratorSpec(
        rate_rps=0.5, duration_s=2 * 86_400, clients=1,
        active=ActiveSpec(start_s=3_600, length_s=4 * 3_600),
        source="declared: submitted in one window a night",
    ),
}  # fmt: skip
"""By name. The figures of recorded services are published; `declared` ones are shapes, not findings."""
