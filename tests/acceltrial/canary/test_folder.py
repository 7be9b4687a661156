from __future__ import annotations

import pytest

from acceltrial.canary.folder import CanaryFolder
from acceltrial.errors import BusyError, ConfigurationError, StorageError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "c.jsonl").touch()
    return CanaryFolder(tmp_path)


def test_one_canary_a_workload_at_a_time(folder):
    with folder.one_at_a_time("chat"):
        with pytest.raises(BusyError, match="runs already"), folder.one_at_a_time("chat"):
            pass
        with folder.one_at_a_time("search"):
            pass
    with folder.one_at_a_time("chat"):
        pass


def test_a_person_aborts(folder):
    assert folder.abort_reason("c") == ""
    folder.ask_abort("c", "the shop <b>opens\n")
    assert folder.abort_reason("c") == "the shop <b>opens"
    folder.ask_abort("c", " ")
    assert folder.abort_reason("c") == "aborted by hand"
    folder.forget("c")
    assert folder.abort_reason("c") == ""


def test_a_person_approves_up_to_a_step_or_refuses(folder):
    assert folder.approval("c", 1) is None
    folder.approve("c", 2)
    assert [folder.approval("c", step) for step in (1, 2, 3)] == [True, True, None]
    folder.approve("c", None)
    assert folder.approval("c", 1) is False


@pytest.mark.parametrize("name", ["nobody", "../c", "c/../c", "", "\x00"])
def test_a_canary_that_is_not_there_is_named(folder, name):
    with pytest.raises(ConfigurationError, match="no canary"):
        folder.ask_abort(name, "x")
    with pytest.raises(ConfigurationError, match="name one of: c"):
        folder.approve(name, 1)


def test_a_record_that_was_tampered_with_keeps_nobody_from_ending_the_canary(folder):
    folder.journal("c").write_text('{"event": "started"}\n')
    folder.ask_abort("c", "now")
    assert folder.abort_reason("c") == "now"


def test_a_folder_that_cannot_be_made_says_so(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError), CanaryFolder(tmp_path / "file" / "f").one_at_a_time("w"):
        pass
