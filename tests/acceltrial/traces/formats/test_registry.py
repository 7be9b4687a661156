from __future__ import annotations

import pytest

from acceltrial.traces.formats import FORMATS
from tests.acceltrial.traces.formats.conftest import Opened


def test_every_format_says_what_it_is() -> None:
    assert set(FORMATS) >= {"azure", "mooncake", "burstgpt", "servegen", "otel", "generic", "acceltrial"}
    assert all(name == item.name and item.about for name, item in FORMATS.items())


AZURE = ("azure", "GeneratedTokens,TIMESTAMP,NumImages,ContextTokens", "{out},{time},2,{into}")
BURSTGPT = (
    "burstgpt", "Model,Response tokens,Timestamp,Elapsed time,Request tokens", "GPT-4,{out},{time},x,{into}"
)  # fmt: skip


@pytest.mark.parametrize(
    ("form", "times", "gap"),
    [
        (AZURE, ("0.5", "2.25"), 1.75),
        (AZURE, ("1700158626.5", "1700158627"), 0.5),
        (AZURE, ("2025-01-05T10:00:00.5+02:00", "2025-01-05T10:00:01.25+02:00"), 0.75),
        (BURSTGPT, ("5", "7"), 2.0),
        (BURSTGPT, ("0.25", "1.75"), 1.5),
        (BURSTGPT, ("19440110.0", "19440112.0"), 2.0),
        (BURSTGPT, ("2023-03-01T10:00:00+08:00", "2023-03-01T10:00:03+08:00"), 3.0),
    ],
)
def test_a_release_is_known_in_any_order_of_columns_with_others_and_other_times(
    opened: Opened, form: tuple[str, str, str], times: tuple[str, str], gap: float
) -> None:
    name, header, row = form
    rows = [row.format(time=time, into=100 + i, out=10 + i) for i, time in enumerate(times)]
    trace = opened("\n".join([header, *rows, ""]), spread="never")
    frame = trace.collect()
    assert trace.facts.format == name
    assert frame["arrival_s"].to_list() == [0.0, gap]
    assert frame.select("input_tokens", "output_tokens").rows() == [(100, 10), (101, 11)]
