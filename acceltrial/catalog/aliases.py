"""Names as sources write them, resolved to catalogue ids."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from acceltrial.errors import ConfigurationError

_NOISE = {
    "nvidia", "amd", "intel", "google", "aws", "amazon", "habana", "qualcomm", "meta", "instinct", "data",
    "center", "datacenter", "gpu", "gpus", "tensor", "core", "superchip", "gracehopper", "grace", "hopper",
    "hbm2", "hbm2e", "hbm3", "hbm3e", "gddr6", "gddr7", "aarch64", "x86", "64", "cloud", "chip",
    "accelerator", "tesla", "edition", "cts", "turbo", "instruct", "chat", "hf", "it", "the", "fp8", "fp4",
    "nvfp4", "r", "vf", "hpu", "generation", "processor", "oam", "huawei", "ibm", "apple", "brainchip",
    "tenstorrent", "synsense", "graphcore", "geforce", "c4ai", "quantized", "awq", "gptq", "gguf", "mxfp4",
    "fp16", "bf16", "int8", "int4", "w8a8", "w4a16", "w8a16", "dynamic", "bnb", "4bit", "8bit", "kv",
    "thinking",
}  # fmt: skip
_MEMORY = re.compile(r"^[0-9]+gb$")
_POWER = re.compile(r"^[0-9]+w$")
_DATE = re.compile(r"^(2[3-6](0[1-9]|1[0-2])|(0[1-9]|1[0-2])([0-2][0-9]|3[01])|v0\.[0-9]+|v1\.0)$")
"""What releases of one architecture are told apart by: 2507, 0528, v0.1, v1.0."""
_QUANTISED_FILE = re.compile(r"[._-](q[2-8](_[0-9a-z]+)*|gguf)(?=$|[._-])")
_BENCHMARK = re.compile(r"[-_](interactive([-_]99(\.9)?)?|99(\.9)?)$", re.IGNORECASE)
"""What MLPerf adds to a model's name: the accuracy to keep, the scenario."""
_LINE = re.compile(r"^([a-z]{3,})([0-9].*)$")


class AliasIndex:
    """Finds the id for a name: exactly, without punctuation, then without vendor, memory and power words.

    Then without the date of a release, where no release of the name is known by its own; last with a line's
    name and number apart ("Trainium 2", "llama3.3-70b-instruct").

    Args:
        kind: what is named, for messages ("accelerator", "model").
        names: pairs of (name, id); the ids themselves are names too.
    """

    def __init__(self, kind: str, names: Iterable[tuple[str, str]]) -> None:
        self._kind = kind
        self._exact: dict[str, str] = {}
        self._core: dict[tuple[str, ...], set[str]] = {}
        self._bare: dict[tuple[str, ...], set[str]] = {}
        self._undated: dict[tuple[str, ...], set[str]] = {}
        self._parted: dict[tuple[str, ...], set[str]] = {}
        self._memory: dict[str, set[str]] = {}
        self._shown: dict[str, str] = {}
        for name, identity in names:
            self._exact.setdefault(_squeeze(name), identity)
            self._core.setdefault(_core(name), set()).add(identity)
            self._bare.setdefault(_bare(name), set()).add(identity)
            self._undated.setdefault(_undated(name), set()).add(identity)
            self._parted.setdefault(_parted(name), set()).add(identity)
            self._memory.setdefault(identity, set()).update(filter(_MEMORY.match, _core(name)))
            self._shown.setdefault(name.lower(), name)

    def find(self, name: str) -> str | None:
        """The id, or None when no name fits or two ids fit equally."""
        plain = _BENCHMARK.sub("", name)
        return self._find(name) or (self._find(plain) if plain != name else None)

    def _find(self, name: str) -> str | None:
        for written in (name, name.rpartition("/")[2]):
            if _squeeze(written) in self._exact:
                return self._exact[_squeeze(written)]
        for index, key in (
            (self._core, _core(name)),
            (self._bare, _bare(name)),
            (self._undated, _undated(name)),
            (self._parted, _parted(name)),
        ):
            found = index.get(key, set()) if key else set()
            if len(found) == 1 and not self._other_memory(name, next(iter(found))):
                return next(iter(found))
        return None

    def _other_memory(self, name: str, identity: str) -> bool:
        """Whether the name states a memory size that no name of the device has: it is another variant."""
        stated = set(filter(_MEMORY.match, _core(name)))
        known = self._memory[identity]
        return bool(stated and known and not stated & known)

    def nearest(self, name: str, count: int = 3) -> list[str]:
        """Known names that resemble `name`, best first; empty when none does."""
        close = difflib.get_close_matches(name.lower(), self._shown, n=count, cutoff=0.5)
        return [self._shown[match] for match in close]

    def resolve(self, name: str, where: str = "") -> str:
        """The id. Raises ConfigurationError naming the nearest known names."""
        found = self.find(name)
        if found is None:
            near = self.nearest(name)
            raise ConfigurationError(
                f"no {self._kind} is known as {name!r}",
                where=where,
                remedy=f"did you mean {', '.join(near)}?"
                if near
                else f"list the known ones: acceltrial catalogue {self._kind}s",
                details={"name": name, "nearest": near},
            )
        return found


def _squeeze(name: str) -> str:
    return re.sub(r"[^a-z0-9.+]", "", name.lower())


def _tokens(name: str) -> list[str]:
    unquantised = _QUANTISED_FILE.sub("", name.lower().rpartition("/")[2])
    dotted = re.sub(r"(?<=[0-9])_(?=[0-9])", ".", unquantised)
    spaced = re.sub(r"([0-9])\s+(gb|gib|w)\b", r"\1\2", dotted).replace("quantized.", "quantized ")
    tokens = (token for token in re.split(r"[^a-z0-9.+]+", spaced) if token)
    return [re.sub(r"^([0-9]+)(g|gib)$", r"\1gb", token) for token in tokens]


def _core(name: str) -> tuple[str, ...]:
    kept = (token for token in _tokens(name) if token not in _NOISE and not _POWER.match(token))
    return tuple(sorted(set(kept)))


def _bare(name: str) -> tuple[str, ...]:
    return tuple(token for token in _core(name) if not _MEMORY.match(token))


def _undated(name: str) -> tuple[str, ...]:
    return tuple(token for token in _bare(name) if not _DATE.match(token))


def _parted(name: str) -> tuple[str, ...]:
    parts = (part for token in _undated(name) for part in (_LINE.sub(r"\1 \2", token)).split())
    return tuple(sorted(set(parts)))
