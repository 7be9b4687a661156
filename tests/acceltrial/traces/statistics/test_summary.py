from __future__ import annotations

from acceltrial.traces.statistics import littles_law
from acceltrial.traces.statistics.summary import rate_variation


def test_littles_law_needs_both() -> None:
    assert littles_law(2.0, 3.0) == 6.0
    assert littles_law(None, 3.0) is None
    assert littles_law(2.0, None) is None


def test_rate_variation_does_not_change_when_a_trace_is_thinned() -> None:
    full = rate_variation(1 + 8.0, 40.0)
    assert rate_variation(1 + 0.25 * 8.0, 0.25 * 40.0) == full
    assert rate_variation(0.5, 10.0) == 0.0
    assert rate_variation(None, None) is None
