"""Reference distributions: what the same weights say in 32-bit torch, computed once and kept."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from acceltrial.errors import TargetUnavailableError
from acceltrial.storage.atomic import replacing, storage_error
from acceltrial.targets.weights import module_environment

TOP = 128
_FORMAT = 1
_TIMEOUT_S = 600


@dataclass(frozen=True)
class Prefix:
    """A forced beginning and what the reference expects next.

    Attributes:
        number: which text it begins.
        tokens, text: the beginning, as numbers and as text.
        by_id, by_text: log-probabilities of the likeliest next tokens; a text that several tokens share
            is left out, since a server that names texts cannot tell them apart.
        best, best_text: the likeliest next token.
    """

    number: int
    tokens: list[int]
    text: str
    by_id: Mapping[int, float]
    by_text: Mapping[str, float]
    best: int
    best_text: str


def prefixes(reference: Mapping[str, Any], first: int = 8, step: int = 4) -> list[Prefix]:
    """The beginnings to compare, text by text: from token `first` on, every `step`-th."""
    words = {int(token): word for token, word in reference["words"].items()}
    found = []
    for number, one in enumerate(reference["texts"]):
        for place in range(first, len(one["tokens"]) - 1, step):
            ids, values = one["top_ids"][place], one["top_logprobs"][place]
            shared = Counter(words[token] for token in ids)
            by_text = {words[t]: v for t, v in zip(ids, values, strict=True) if shared[words[t]] == 1}
            found.append(
                Prefix(
                    number,
                    one["tokens"][: place + 1],
                    one["text"][: one["ends"][place]],
                    dict(zip(ids, values, strict=True)),
                    by_text,
                    ids[0],
                    words[ids[0]],
                )
            )
    return found


def reference_for(folder: Path, texts: Sequence[str], cache: Path) -> dict[str, Any]:
    """The reference's next tokens for `texts`, from the cache where the same was asked before.

    Raises:
        TargetUnavailableError: the model cannot be loaded or run.
        StorageError: the cache cannot be written.
    """
    files = sorted((p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in folder.glob("*") if p.is_file())
    key = sha256(json.dumps([_FORMAT, TOP, str(folder), files, list(texts)]).encode()).hexdigest()[:20]
    target = cache / "reference" / f"{key}.json"
    try:
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            with replacing(target) as temporary:
                _compute(folder, texts, temporary)
        found: dict[str, Any] = json.loads(target.read_text())
    except OSError as error:
        raise storage_error(error, target) from error
    return found


def _compute(folder: Path, texts: Sequence[str], out: Path) -> None:
    settings = json.dumps({"folder": str(folder), "texts": list(texts), "top": TOP, "out": str(out)})
    # A process of its own: torch stays out of this one, and its memory is free again afterwards.
    command = [sys.executable, "-m", "acceltrial.targets.local.next_tokens", settings]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_S, env=module_environment(), check=False
        )
    except subprocess.TimeoutExpired as error:
        raise TargetUnavailableError(
            f"the reference took more than {_TIMEOUT_S} s",
            where=str(folder),
            remedy="run again on a free machine",
        ) from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise TargetUnavailableError(
            f"the reference model cannot be run ({lines[-1][:200]})",
            where=str(folder),
            remedy="check that it is a transformers folder and that torch and transformers are installed",
            details={"stderr": done.stderr[-3000:]},
        )
