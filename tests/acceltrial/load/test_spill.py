"""Raw records survive the way to disk and back."""

from __future__ import annotations

from array import array
from pathlib import Path

from acceltrial.load.spill import OUTCOMES, REUSED, WARM_UP, SpillWriter, read_spill


def test_round_trip_and_torn_end(tmp_path: Path) -> None:
    path = tmp_path / "raw.bin"
    writer = SpillWriter(path)
    for number, outcome in enumerate(OUTCOMES):
        stamps = array("q", range(number))
        writer.write(number, (1, 2, 3, 4, 5, 6), outcome, REUSED, stamps, stamps, b"x" * number, "ä" * number)
    writer.write(99, (1, 2, 3, 4, 5, 6), "", WARM_UP, array("q"), array("q"), b"", "")
    writer.close()
    found = list(read_spill(path))
    assert [one.outcome for one in found] == [*OUTCOMES, ""]
    assert found[3].detail == "äää"
    assert found[3].data == b"xxx"
    assert list(found[3].stamps_ns) == [0, 1, 2]
    assert found[0].reused
    assert found[-1].warm_up
    assert (found[0].sent_ns, found[0].finished_ns) == (2, 6)
    # A process that was killed leaves a torn record: it is dropped, the rest is kept.
    path.write_bytes(path.read_bytes()[:-30])
    assert len(list(read_spill(path))) == len(found) - 1
