"""DVC around a stage that runs in this process: is it up to date, can it be restored, what is now on record.

These are DVC's internal interfaces (there is no public one that does not start a process a stage): the
version is pinned, and tests run them against `dvc status` and `dvc repro`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

from acceltrial.errors import AcceltrialError, StorageError


class Pipeline:
    """The DVC view of one workspace."""

    def __init__(self, root: Path) -> None:
        from dvc.repo import Repo

        logging.getLogger("dvc").setLevel(logging.ERROR)
        if not (root / ".dvc").is_dir():  # DVC would take the repository of a folder above
            Repo.init(str(root), no_scm=True).close()
        self._repo = Repo(str(root), _wait_for_lock=True)
        self._root = root

    def up_to_date(self, stage: str) -> bool:
        """True when outputs on disk belong to today's inputs, parameters and code.

        Outputs that are missing from disk but in DVC's cache are brought back.
        """
        from dvc.stage.cache import RunCacheNotFoundError

        with self._step(stage) as step:
            if not step.changed(allow_missing=False):
                return True
            try:
                self._repo.stage_cache.restore(step, run_cache=True)
            except RunCacheNotFoundError:
                return False
            self._record(step)
            return True

    def record(self, stage: str) -> None:
        """Puts the stage's outputs into DVC's cache and its state into dvc.lock."""
        with self._step(stage) as step:
            self._record(step)

    @staticmethod
    def _record(step: Any) -> None:
        step.save(run_cache=True)
        step.commit()
        step.dump(update_pipeline=False)

    @contextmanager
    def _step(self, stage: str) -> Iterator[Any]:
        from dvc.exceptions import DvcException

        try:
            # DVC's run cache resolves `dvc.yaml` against the current folder.
            with self._repo.lock, chdir(self._root):
                self._repo._reset()  # dvc.yaml and params.yaml may have changed since the last step
                yield self._repo.stage.load_one(path=str(self._root / "dvc.yaml"), name=stage)
        except DvcException as error:
            raise AcceltrialError(
                f"DVC: {' '.join(str(error).split())}",
                where=f"{self._root}, stage {stage}",
                remedy="see `dvc status`; `dvc doctor` tells what is wrong with the repository",
            ) from error
        except OSError as error:
            raise StorageError(
                str(error), where=str(self._root / ".dvc"), remedy="free space or give permission"
            ) from error
