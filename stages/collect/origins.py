"""The origin of a workload's requests: a recorded file, the generator, or a trace given for this run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import polars as pl

from acceltrial.errors import ConfigurationError, DataContractError
from acceltrial.portfolio import Portfolio
from acceltrial.portfolio.trace import Trace
from acceltrial.portfolio.workload import TOKEN_GENERATING_KINDS, Workload
from acceltrial.storage.digest import file_digest, value_digest
from acceltrial.traces import GeneratorSpec, TraceFacts, generate, generator_spec, open_trace
from stages.collect.params import TraceOverride

MOST_GENERATED_REQUESTS = 3_000_000
BATCH_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class Origin:
    """Where requests come from.

    Attributes:
        trace: the name that the sources table gives it.
        batches: canonical frames in order of arrival; they can be taken once.
        facts: what the reader found; complete once the batches were taken.
        path: from the portfolio folder, or the bare name of a trace given for this run; None if generated.
        digest: of the file's bytes, or of the generator's settings.
    """

    trace: str
    batches: Iterable[pl.DataFrame]
    facts: TraceFacts
    path: str | None
    digest: str
    licence: str
    notes: tuple[str, ...] = field(default=())
    overridden: bool = False


def origin_of(workload: Workload, portfolio: Portfolio, override: TraceOverride | None, root: Path) -> Origin:
    """The origin of the requests of `workload`.

    Args:
        workload: whose trace is wanted.
        portfolio: has the trace that the workload names.
        override: takes its place when the workload generates tokens.
        root: relative paths of an override start there.

    Raises:
        ConfigurationError: the description of the trace is wrong.
        DataContractError: the start of the file is of no known format.
        StorageError: the file cannot be read.
    """
    if override is not None and is_overridden(workload, override):
        return _overriding(override, root)
    spec = portfolio.trace(workload.trace)
    try:
        if spec.file is not None:
            return _recorded(spec, portfolio.trace_path(spec))
        return _generated(spec)
    except ConfigurationError as error:
        raise _at(
            error, portfolio.where("traces", spec.id, "generate" if spec.generate else "file")
        ) from error


def is_overridden(workload: Workload, override: TraceOverride | None) -> bool:
    """Whether the trace given for this run takes the place of the workload's own."""
    return override is not None and workload.kind in TOKEN_GENERATING_KINDS


def _overriding(override: TraceOverride, root: Path) -> Origin:
    path = root / Path(override.path).expanduser()
    if not path.is_file():
        raise ConfigurationError(
            f"the trace given for this run is missing: {override.path[:200]!r}",
            where="parameter collect.trace_override.path",
            remedy="give the path of a file, absolute or from the workspace",
        )
    trace = open_trace(path, format=override.format, columns=override.columns, sort=override.sort)
    return Origin(
        trace=_safe_name(path),
        batches=trace,
        facts=trace.facts,
        # The name and the digest tell the file on any machine; the path only on this one.
        path=path.name,
        digest=_digest(path, path.stat().st_mtime_ns),
        licence="as its owner states: given on the command line",
        overridden=True,
    )


def _recorded(spec: Trace, path: Path) -> Origin:
    trace = open_trace(path, format=spec.format, columns=spec.columns, sort=spec.sort, seed=spec.seed)
    return Origin(
        trace=spec.id,
        batches=trace,
        facts=trace.facts,
        path=spec.file,
        digest=_digest(path, path.stat().st_mtime_ns),
        licence=spec.licence,
        notes=(spec.note,) if spec.note else (),
    )


def _generated(spec: Trace) -> Origin:
    settings = generator_spec(spec.generate or {})
    expected = settings.rate_rps * settings.duration_s
    if expected > MOST_GENERATED_REQUESTS:
        raise ConfigurationError(
            f"trace '{spec.id}' would generate some {expected:,.0f} requests, which do not fit in memory",
            remedy="shorten it, or write it once with `acceltrial trace generate` and give it as `file`",
        )
    facts = TraceFacts("generated", spec.seed, origin="generated")
    facts.notes.append(f"generated from: {settings.source}{f' ({settings.as_of})' if settings.as_of else ''}")
    return Origin(
        trace=spec.id,
        batches=_slices(settings, spec),
        facts=facts,
        path=None,
        digest=value_digest({"settings": settings.model_dump(mode="json"), "seed": spec.seed}),
        licence=spec.licence,
        notes=(spec.note,) if spec.note else (),
    )


def _slices(settings: GeneratorSpec, spec: Trace) -> Iterator[pl.DataFrame]:
    """The generated trace, made only when its turn comes, so that one is in memory at a time."""
    frame = generate(settings, spec.seed)
    if frame.is_empty():
        raise DataContractError(
            "not one request was generated",
            where=f"trace {spec.id}",
            remedy="raise rate_rps or duration_s, or take another seed",
        )
    yield from frame.with_columns(pl.col("arrival_s") - pl.col("arrival_s").first()).iter_slices(BATCH_ROWS)


def _at(error: ConfigurationError, where: str) -> ConfigurationError:
    """The same complaint with the place in the portfolio in front of it."""
    place = f"{where} ({error.where})" if error.where else where
    return ConfigurationError(error.what, where=place, remedy=error.remedy, details=error.details)


def _safe_name(path: Path) -> str:
    """A file's name with everything left out that a table's identifiers do not allow."""
    kept = "".join(
        char if char.isascii() and (char.isalnum() or char in "._-") else "-" for char in path.name
    )
    return kept.strip(".-_")[:100] or "trace"


@lru_cache(maxsize=64)
def _digest(path: Path, _changed_ns: int) -> str:
    """The digest of the file's bytes, taken once for a file that several workloads share."""
    return file_digest(path)
