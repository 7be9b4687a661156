from __future__ import annotations

import resource
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from acceltrial.errors import ConfigurationError, StorageError
from acceltrial.portfolio import read_portfolio
from acceltrial.portfolio.template import write_template


def test_the_template_is_a_valid_portfolio(tmp_path: Path) -> None:
    written = write_template(tmp_path / "new")
    assert [path.name for path in written] == ["workloads.yaml", "models.yaml", "targets.yaml", "traces.yaml"]
    portfolio = read_portfolio(tmp_path / "new" / "data" / "portfolio")
    assert len(portfolio.workloads) == 1
    assert [p.name for p in (tmp_path / "new" / "data").iterdir()] == ["portfolio"]


def test_the_template_passes_collect(
    tmp_path: Path, checkout: Path, make_context: Callable[..., object]
) -> None:
    from stages.collect.params import CollectParams
    from stages.collect.stage import STAGE
    from stages.contract import Context, Inputs

    write_template(tmp_path / "new")
    shutil.copytree(checkout / "data" / "catalogue", tmp_path / "new" / "data" / "catalogue")
    context = make_context(tmp_path / "new")
    assert isinstance(context, Context)
    assert STAGE.run is not None
    outputs = STAGE.run(Inputs(tmp_path / "new", STAGE.inputs), CollectParams(), context)
    assert outputs["workloads"].height == 1  # type: ignore[union-attr]


def test_the_commented_server_is_valid_too(tmp_path: Path) -> None:
    path = write_template(tmp_path)[2]
    lines = path.read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if "# - id: my-server" in line)
    path.write_text("\n".join([*lines[:start], *(line.replace("  # ", "  ", 1) for line in lines[start:])]))
    assert [target.id for target in read_portfolio(path.parent).targets] == ["local-llamacpp-q4", "my-server"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    assert write_template(tmp_path)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(ConfigurationError, match="not empty"):
        write_template(tmp_path)
    with pytest.raises(ConfigurationError, match="not empty"):
        write_template(tmp_path / "mine.txt")
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError) as caught:
        write_template(tmp_path / "file" / "new")
    assert caught.value.remedy


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(StorageError):
            write_template(tmp_path / "new")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert list((tmp_path / "new" / "data").iterdir()) == []
