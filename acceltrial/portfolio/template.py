"""A fresh portfolio to fill in."""

from __future__ import annotations

import secrets
import shutil
from importlib.resources import files
from pathlib import Path

from acceltrial.errors import ConfigurationError
from acceltrial.portfolio.reading import FILES
from acceltrial.storage.atomic import storage_error

PORTFOLIO_FOLDER = Path("data/portfolio")


def write_template(folder: Path) -> list[Path]:
    """The files of a commented example portfolio, written below `folder` in `data/portfolio`.

    They pass `collect` as they are. All of them are written, or none.

    Raises:
        ConfigurationError: `folder` is a file or holds something already.
        StorageError: no permission, or the disk is full.
    """
    target = folder / PORTFOLIO_FOLDER
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ConfigurationError(
                "the folder is not empty",
                where=str(folder),
                remedy="choose a new folder: nothing is overwritten",
            )
        partial.mkdir(parents=True)
        for name in FILES:
            text = files("acceltrial.portfolio").joinpath("fresh", f"{name}.yaml").read_text(encoding="utf-8")
            (partial / f"{name}.yaml").write_text(text, encoding="utf-8")
        partial.rename(target)
    except OSError as error:
        raise storage_error(error, target) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return [target / f"{name}.yaml" for name in FILES]
