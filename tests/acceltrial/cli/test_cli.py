from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from acceltrial.cli import EXIT_CODES, commands, run


def test_help_lists_every_command_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    text = capsys.readouterr().out
    for name in commands():
        assert name in text
    assert EXIT_CODES in text


def test_help_imports_no_heavy_library() -> None:
    code = (
        "import sys; from acceltrial.cli import run; run(['--help']);"
        "heavy = {'polars', 'pandas', 'torch', 'prefect', 'mlflow', 'pandera', 'cyclopts', 'rich', 'scipy',"
        " 'numpy', 'dvc'} & set(sys.modules);"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert "Usage" in capsys.readouterr().out


def test_an_unknown_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["stagez"]) == 2
    assert "did you mean `stages`" in capsys.readouterr().err


def test_errors_go_to_stderr_with_the_remedy_and_their_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["report", "path"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "no workspace here" in captured.err
    assert "→" in captured.err
    assert run(["report", "path", "--bogus"]) == 2


def test_output_that_nobody_reads_is_no_failure() -> None:
    command = f"{sys.executable} -m acceltrial.cli --help | head -1"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
