"""Charts are well-formed whatever became of the run."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from acceltrial.load.charts import latency_chart, timeline_chart
from tests.acceltrial.load.test_latencies import GOOD, frame


def test_charts() -> None:
    failed = {"error_class": "reset", "intended_s": 2.0}
    for records in (frame(GOOD), frame(GOOD, failed, GOOD | {"first_token_s": None}), frame(failed), frame()):
        for chart in (latency_chart, timeline_chart):
            root = ET.fromstring(chart(records))
            assert root.tag.endswith("svg")
    assert "1 failed" in timeline_chart(frame(GOOD, failed))
    assert "no request" in latency_chart(frame(failed))
