"""A proxy's weights as a lever with a dead man's switch: the keeper beside it, and a last resort without."""

from __future__ import annotations

import json
import os
import secrets
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from acceltrial.canary.lever import Lever, LeverError, LeverState
from acceltrial.canary.levers.remote import RemoteLever
from acceltrial.canary.levers.spec import SplitSpec
from acceltrial.canary.levers.split_proxy import SplitAddress, SplitProxyLever
from acceltrial.canary.levers.weights import Weights, write_and_verify
from acceltrial.load.processes import child_environment
from acceltrial.storage.atomic import replacing

START_S = 20.0


class KeptLever(RemoteLever):
    """The client of a keeper. Where no keeper answers, the baseline is restored directly."""

    def __init__(self, control_port: int, token: str, weights: Weights) -> None:
        super().__init__(control_port, token, answer_s=weights.patience_s * 2 + 1)
        self.weights = weights

    def restore(self) -> None:
        """See `Lever.restore`."""
        try:
            super().restore()
        except LeverError:
            write_and_verify(self.weights, 0.0)

    def read(self) -> LeverState:
        """See `Lever.read`. Without a keeper nobody holds a lease, and only the weights are told."""
        try:
            return super().read()
        except LeverError:
            found = self.weights.read()
            return LeverState(
                found.share, "", 0.0, None, None,
                canary_up=found.canary_up, granularity=self.weights.granularity,
            )  # fmt: skip


@contextmanager
def lever_of(spec: Any, folder: Path) -> Iterator[Lever]:
    """The lever that `spec` describes; its keeper is found in `folder`, or started there.

    The keeper outlives this process when a share is still on loan. Raises LeverError when the keeper
    does not start or the traffic system does not answer.
    """
    if isinstance(spec, SplitSpec):
        yield SplitProxyLever(SplitAddress(spec.port, spec.control_port, spec.token))
        return
    lever = _found(spec, folder) or _started(spec, folder)
    try:
        yield lever
    finally:
        with suppress(LeverError):  # refused while a share is on loan: then it must stay
            lever.call("/quit", {})


def _note(spec: Any, folder: Path) -> Path:
    from acceltrial.storage.digest import value_digest

    return folder / f"keeper-{value_digest(spec.model_dump(mode='json'))[:16]}.json"


def _found(spec: Any, folder: Path) -> KeptLever | None:
    """A keeper of this lever that runs already, such as one that outlived its controller."""
    try:
        noted = json.loads(_note(spec, folder).read_text())
        lever = KeptLever(int(noted["control_port"]), str(noted["token"]), spec.weights())
        lever.call("/state", {})
    except (OSError, ValueError, KeyError, TypeError, LeverError):
        return None
    return lever


def _started(spec: Any, folder: Path) -> KeptLever:
    token = secrets.token_hex(16)
    process = subprocess.Popen(
        [sys.executable, "-m", "acceltrial.canary.levers.keeper"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=child_environment(),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    orders = {"lever": spec.model_dump(mode="json"), "token": token}
    with suppress(BrokenPipeError):
        process.stdin.write(json.dumps(orders).encode() + b"\n")
        process.stdin.flush()
    ready, _, _ = select.select([process.stdout], [], [], START_S)
    line = process.stdout.readline() if ready else b""
    if not line:
        process.kill()
        raise LeverError(
            "the lease keeper did not start", where=spec.kind, remedy="see the machine's processes"
        )
    found = json.loads(line)
    lever = KeptLever(found["control_port"], token, spec.weights())
    if found["trouble"]:
        _end(process.pid, found["pid"])
        raise LeverError(
            found["trouble"], where=spec.kind, remedy="the traffic system must answer before a canary"
        )
    _remember(spec, folder, {**found, "token": token})
    return lever


def _end(*pids: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, 9)


def _remember(spec: Any, folder: Path, found: dict[str, Any]) -> None:
    """Notes where the keeper is, for the next controller. The token is for this user's eyes only."""
    with replacing(_note(spec, folder)) as temporary:
        temporary.touch(mode=0o600)
        temporary.write_text(json.dumps(found))
