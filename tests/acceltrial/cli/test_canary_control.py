from __future__ import annotations

import threading

import pytest
import yaml

from acceltrial.canary.folder import CanaryFolder
from acceltrial.canary.levers.split_proxy import split_proxy
from acceltrial.cli.canary import app
from acceltrial.errors import ConfigurationError

PLAN = {
    "canary": "c", "workload": "w", "baseline": "a", "candidate": "b", "shares": [0.5, 1.0], "hold_s": 1,
    "min_requests": 1, "soak_s": 0, "lease_s": 2, "deadline_s": 30, "judge": {"interval_s": 0.5},
}  # fmt: skip


def run(*arguments):
    app([str(a) for a in arguments], result_action="return_value", exit_on_error=False)


@pytest.fixture
def files(tmp_path):
    with split_proxy("http://127.0.0.1:9", "http://127.0.0.1:9") as lever:
        (tmp_path / "plan.yaml").write_text(yaml.safe_dump(PLAN))
        (tmp_path / "lever.yaml").write_text(lever.address.to_json())
        yield tmp_path


def test_a_running_canary_is_aborted_and_its_record_printed(files, capsys):
    folder = files / "f"

    def stop():
        while not (folder / "c.jsonl").exists():
            threading.Event().wait(0.05)
        run("abort", "c", "--reason", "the shop opens", "--folder", folder)

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(SystemExit) as ended:
        run("run", files / "plan.yaml", files / "lever.yaml", "--folder", folder, "--yes")
    thread.join()
    assert ended.value.code == 4
    assert "aborted: the shop opens" in capsys.readouterr().out
    run("status", "c", "--folder", folder)
    out = capsys.readouterr().out
    assert "intent_share" in out
    assert out.splitlines()[-1].split()[3] == "aborted"
    for late in (("abort", "c"), ("approve", "c", "2")):  # it would speak to the next canary of this name
        with pytest.raises(ConfigurationError, match=r"has ended \(aborted\)"):
            run(*late, "--folder", folder)


def test_who_does_not_say_yes_starts_nothing(files, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", __import__("io").StringIO("maybe\n"))
    with pytest.raises(SystemExit):
        run("run", files / "plan.yaml", files / "lever.yaml", "--folder", files / "f")
    assert "not approved" in capsys.readouterr().out


def test_steps_are_approved_by_their_number(tmp_path):
    (tmp_path / "c.jsonl").touch()
    run("approve", "c", "2", "--folder", tmp_path)
    assert CanaryFolder(tmp_path).approval("c", 1) is True
    assert CanaryFolder(tmp_path).approval("c", 2) is None
    run("approve", "c", "--no", "--folder", tmp_path)
    assert CanaryFolder(tmp_path).approval("c", 1) is False


@pytest.mark.parametrize("wrong", [["approve", "c"], ["approve", "c", "2", "--no"], ["approve", "c", "0"]])
def test_an_approval_says_what_it_allows(tmp_path, wrong):
    (tmp_path / "c.jsonl").touch()
    with pytest.raises(ConfigurationError, match="which step"):
        run(*wrong, "--folder", tmp_path)


def test_a_canary_that_is_not_there(tmp_path):
    with pytest.raises(ConfigurationError, match="no canary 'c'"):
        run("abort", "c", "--folder", tmp_path)
    with pytest.raises(ConfigurationError, match="no canary 'c'"):
        run("status", "c", "--folder", tmp_path)
