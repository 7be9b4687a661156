from __future__ import annotations

from acceltrial.traces.formats.base import Reading


def test_skipped_rows_add_up_by_reason() -> None:
    reading = Reading()
    reading.skip("other spans", 2)
    reading.skip("other spans")
    reading.skip("none", 0)
    assert reading.skipped == {"other spans": 3}
