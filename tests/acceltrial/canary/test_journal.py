from __future__ import annotations

import os
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.canary.journal import GENESIS, Journal, read_journal
from acceltrial.errors import BusyError, DataContractError, StorageError

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def write_some(path, n=4, last="promoted"):
    with Journal(path, "c1") as journal:
        for i in range(n):
            event = last if i == n - 1 else "look"
            journal.write(
                event, t_s=float(i), at=AT, share=0.05, reason=f"r{i} <b>…", evidence=1.5, bound=5.0
            )
    return path


def test_events_come_back_in_a_chain(tmp_path):
    events = read_journal(write_some(tmp_path / "j.jsonl"))
    assert [e.sequence for e in events] == [0, 1, 2, 3]
    assert events[0].previous_digest == GENESIS
    assert all(a.digest == b.previous_digest for a, b in pairwise(events))
    assert events[2].reason == "r2 <b>…"


@given(line=st.integers(0, 3), data=st.data())
@settings(max_examples=40, deadline=None)
def test_any_changed_character_is_found_at_its_line(tmp_path_factory, line, data):
    path = write_some(tmp_path_factory.mktemp("j") / "j.jsonl")
    lines = path.read_bytes().splitlines()
    at = data.draw(st.integers(0, len(lines[line]) - 1))
    changed = bytearray(lines[line])
    changed[at] = changed[at] ^ 1
    lines[line] = bytes(changed)
    path.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(DataContractError) as error:
        read_journal(path)
    assert error.value.details["line"] in (line + 1, line + 2)


@pytest.mark.parametrize("removed", [0, 1, 2])
def test_a_removed_line_is_found(tmp_path, removed):
    path = write_some(tmp_path / "j.jsonl")
    lines = path.read_bytes().splitlines()
    del lines[removed]
    path.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(DataContractError) as error:
        read_journal(path)
    assert error.value.details["line"] == removed + 1


def test_swapped_lines_are_found(tmp_path):
    path = write_some(tmp_path / "j.jsonl")
    lines = path.read_bytes().splitlines()
    lines[1], lines[2] = lines[2], lines[1]
    path.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(DataContractError, match="line 2"):
        read_journal(path)


def test_a_torn_last_line_is_cut_off_and_told(tmp_path):
    path = write_some(tmp_path / "j.jsonl", last="look")
    with path.open("ab") as stream:
        stream.write(b'{"canary": "c1", "sequ')
    assert len(read_journal(path)) == 4
    with Journal(path, "c1") as journal:
        assert journal.torn.startswith('{"canary"')
        assert journal.unfinished
        journal.write("aborted", t_s=9.0, at=AT, share=0.0, reason="over")
        assert not journal.unfinished
    assert read_journal(path)[-1].event == "aborted"


def test_two_controllers_cannot_hold_one_journal(tmp_path):
    with Journal(tmp_path / "j.jsonl", "c1"), pytest.raises(BusyError, match="another controller"):
        Journal(tmp_path / "j.jsonl", "c1").__enter__()


def test_a_journal_belongs_to_one_canary(tmp_path):
    write_some(tmp_path / "j.jsonl")
    with pytest.raises(DataContractError, match="is of canary 'c1'"):
        Journal(tmp_path / "j.jsonl", "other").__enter__()


def test_what_cannot_be_opened_says_so(tmp_path):
    with pytest.raises(StorageError):
        read_journal(tmp_path / "absent.jsonl")
    if os.geteuid() != 0:
        tmp_path.chmod(0o500)
        with pytest.raises(StorageError):
            Journal(tmp_path / "j.jsonl", "c").__enter__()


def test_infinite_evidence_is_left_empty(tmp_path):
    with Journal(tmp_path / "j.jsonl", "c1") as journal:
        written = journal.write("look", t_s=0, at=AT, share=0.1, reason="", evidence=float("inf"))
    assert written.evidence is None
