from __future__ import annotations

import pytest

from acceltrial.cli.progress import done, say, shown


def test_without_a_terminal_progress_is_plain_lines_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with shown():
        say("[bold]working[/bold] <b>")
        done("finished")
    say("after the end nothing is shown")
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert [line.split("] ", 1)[1] for line in lines] == ["[bold]working[/bold] <b>", "finished"]
    assert "\x1b" not in captured.err
