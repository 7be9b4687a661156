"""Which options stand on the frontier, and which are shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stages.report.blocks import Charts, Material
from stages.report.sections.frontier import _frontier, build

VALUES = st.lists(st.tuples(st.floats(1, 100), st.floats(1, 100)), max_size=30)


@given(VALUES)
def test_nothing_beats_what_is_on_the_frontier(pairs: list[tuple[float, float]]) -> None:
    values = [(str(n), latency, cost) for n, (latency, cost) in enumerate(pairs)]
    edge = _frontier(values)
    assert bool(edge) == bool(values)
    for name, latency, cost in values:
        if name in edge:
            assert not any(
                lat <= latency and c <= cost and (lat, c) != (latency, cost) for _, lat, c in values
            )


def test_one_chart_a_served_workload(material: Material) -> None:
    block = build(material).blocks[0]
    assert isinstance(block, Charts)
    assert [c.id for c in block.charts][:2] == ["frontier-support-chat", "frontier-reply-suggest"]
    assert "frontier-domain-finetune" not in [c.id for c in block.charts]
    vetoed = next(c for c in block.charts if c.id == "frontier-fraud-scoring")
    assert vetoed.description == "No option of this workload has a known cost."
