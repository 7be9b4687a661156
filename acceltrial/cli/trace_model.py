"""What `acceltrial trace generate` is to imitate: a preset, a trace, or a file of settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from acceltrial.traces.generator import GeneratorSpec
    from acceltrial.traces.reading import Trace


def model(
    preset: str,
    like: Path | None,
    imitated: Trace | None,
    spec: Path | None,
    rate: float | None,
    duration: float | None,
) -> tuple[GeneratorSpec, Any]:
    """The spec asked for, and the statistics of the imitated trace (`like`, opened) if there is one.

    Raises:
        ConfigurationError: not exactly one of the three, or settings that are wrong.
    """
    from acceltrial.errors import ConfigurationError
    from acceltrial.traces.generator import generator_spec, spec_from_stats
    from acceltrial.traces.statistics import trace_stats

    if sum(bool(given) for given in (preset, like, spec)) != 1:
        raise ConfigurationError(
            "give exactly one of --preset, --like and --spec",
            where="acceltrial trace generate",
            remedy="for example --preset azure_conversation; `acceltrial trace presets` lists them",
        )
    changes = {k: v for k, v in {"rate_rps": rate, "duration_s": duration}.items() if v is not None}
    if preset:
        return generator_spec({"preset": preset, **changes}), None
    if spec is not None:
        return generator_spec({**_settings(spec), **changes}), None
    assert like is not None
    assert imitated is not None
    reference = trace_stats(imitated)
    chosen = spec_from_stats(reference, f"statistics of {like.name}")
    chosen = chosen if rate is None else chosen.at_rate(rate)
    return (chosen if duration is None else generator_spec(
        {**chosen.model_dump(exclude_none=True), "duration_s": duration}
    )), reference  # fmt: skip


def _settings(path: Path) -> dict[str, Any]:
    import yaml

    from acceltrial.errors import ConfigurationError
    from acceltrial.storage.atomic import storage_error

    try:
        found = yaml.safe_load(path.read_text())
    except OSError as error:
        raise storage_error(error, path) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"not YAML ({str(error).splitlines()[0]})", where=str(path), remedy="correct the file"
        ) from error
    if not isinstance(found, dict):
        raise ConfigurationError(
            "no mapping of settings", where=str(path), remedy="write `rate_rps: …` and so on"
        )
    return {str(key): value for key, value in found.items()}
