from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.load.scale_out.clocks import Offset, Stamps, measure_offset

WAY = st.integers(1_000, 50_000_000)


@settings(max_examples=200, deadline=None)
@given(
    skew=st.integers(-(10**15), 10**15),
    ways=st.lists(st.tuples(WAY, WAY), min_size=1, max_size=30),
    busy=st.integers(0, 10_000_000),
)
def test_the_true_offset_lies_within_the_stated_uncertainty(
    skew: int, ways: list[tuple[int, int]], busy: int
) -> None:
    now = [10**15]
    coming = iter(ways)

    def exchange() -> Stamps:
        there, back = next(coming)
        now[0] += there
        received = now[0] + skew
        now[0] += busy
        answered = now[0] + skew
        now[0] += back
        return Stamps(received, answered)

    found = measure_offset(exchange, len(ways), lambda: now[0])
    assert abs(found.offset_ns - skew) <= found.uncertainty_ns
    assert found.uncertainty_ns <= min(there + back for there, back in ways) // 2 + 1


def test_times_go_there_and_back_and_what_did_not_happen_stays_so() -> None:
    offset = Offset(-5_000, 10, 1)
    assert offset.to_worker(20_000) == 15_000
    assert offset.to_ours(offset.to_worker(20_000)) == 20_000
    assert offset.to_ours(0) == 0
