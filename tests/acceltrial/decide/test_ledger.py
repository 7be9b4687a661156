from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from acceltrial.decide.ledger import append, latest, read_ledger, seal_of
from acceltrial.errors import DataContractError

DIGEST = "a" * 64


def fields(role: str = "security", verdict: str = "approved", digest: str = DIGEST) -> dict[str, str]:
    return {
        "subject": "chat", "role": role, "digest": digest, "verdict": verdict, "signed_by": "Ada",
        "signed_on": "2026-11-22", "comment": "",
    }  # fmt: skip


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "sign_offs.jsonl"
    for role in ("security", "procurement", "platform_engineering"):
        append(path, fields(role))
    return path


def test_entries_come_back_in_order_and_the_last_verdict_counts(ledger: Path) -> None:
    append(ledger, fields("security", "rejected"))
    entries = read_ledger(ledger)
    assert [entry.role for entry in entries][:2] == ["security", "procurement"]
    assert latest(entries)["chat", "security", DIGEST].verdict == "rejected"


def test_no_file_is_an_empty_ledger(tmp_path: Path) -> None:
    assert read_ledger(tmp_path / "none.jsonl") == []


def tampered(path: Path, change: object) -> None:
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join(change(lines)) + b"\n")  # type: ignore[operator]


def test_an_edited_entry_is_located(ledger: Path) -> None:
    def edit(lines: list[bytes]) -> list[bytes]:
        entry = orjson.loads(lines[1])
        entry["verdict"] = "rejected"
        return [lines[0], orjson.dumps(entry), lines[2]]

    tampered(ledger, edit)
    with pytest.raises(DataContractError, match="line 2 was edited"):
        read_ledger(ledger)


@pytest.mark.parametrize(
    ("change", "line"),
    [(lambda x: [x[0], x[2]], 2), (lambda x: [x[1], x[0], x[2]], 1), (lambda x: [x[0], x[0], *x[1:]], 2)],
)
def test_removed_moved_and_repeated_entries_are_located(ledger: Path, change: object, line: int) -> None:
    tampered(ledger, change)
    with pytest.raises(DataContractError, match=f"line {line} does not follow"):
        read_ledger(ledger)


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"role": "x"}'])
def test_malformed_lines_name_their_place(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "l.jsonl"
    path.write_bytes(text + b"\n")
    with pytest.raises(DataContractError, match="line 1"):
        read_ledger(path)


def test_a_tampered_ledger_takes_no_new_entry(ledger: Path) -> None:
    tampered(ledger, lambda lines: lines[1:])
    before = ledger.read_bytes()
    with pytest.raises(DataContractError):
        append(ledger, fields())
    assert ledger.read_bytes() == before


@pytest.mark.parametrize("bad", [{"verdict": "maybe"}, {"digest": "x"}, {"signed_by": ""}])
def test_a_verdict_that_does_not_fit_is_refused(tmp_path: Path, bad: dict[str, str]) -> None:
    with pytest.raises(DataContractError, match="the new verdict"):
        append(tmp_path / "l.jsonl", {**fields(), **bad})
    assert not (tmp_path / "l.jsonl").exists()


@pytest.mark.parametrize("kept", [1, 2])
def test_a_cut_at_the_end_is_located(ledger: Path, kept: int) -> None:
    tampered(ledger, lambda lines: lines[:kept])
    with pytest.raises(
        DataContractError, match=f"line {kept + 1} and what followed it, up to line 3, was cut"
    ):
        read_ledger(ledger)


def test_a_removed_ledger_or_seal_is_told(ledger: Path) -> None:
    seal = seal_of(ledger)
    kept = seal.read_bytes()
    seal.unlink()
    with pytest.raises(DataContractError, match="seal is missing"):
        read_ledger(ledger)
    seal.write_bytes(b"{}")
    with pytest.raises(DataContractError, match="seal is malformed"):
        read_ledger(ledger)
    seal.write_bytes(kept)
    ledger.unlink()
    with pytest.raises(DataContractError, match="was cut off"):
        read_ledger(ledger)


def test_a_ledger_written_anew_from_its_start_is_told(ledger: Path) -> None:
    seal = seal_of(ledger).read_bytes()
    ledger.unlink()
    seal_of(ledger).unlink()
    for role in ("procurement", "security", "platform_engineering"):
        append(ledger, fields(role))
    seal_of(ledger).write_bytes(seal)
    with pytest.raises(DataContractError, match="written anew"):
        read_ledger(ledger)


def test_an_append_that_was_interrupted_before_its_seal_is_taken(ledger: Path) -> None:
    seal = seal_of(ledger).read_bytes()
    append(ledger, fields("application_owner"))
    seal_of(ledger).write_bytes(seal)
    assert len(read_ledger(ledger)) == 4
    append(ledger, fields("security"))
    assert len(read_ledger(ledger)) == 5
    seal_of(ledger).write_bytes(seal)
    with pytest.raises(DataContractError, match="line 5 was not written by this command"):
        read_ledger(ledger)
