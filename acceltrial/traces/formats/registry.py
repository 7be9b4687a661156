"""The formats, and how one is chosen."""

from __future__ import annotations

from typing import Final

from acceltrial.errors import ConfigurationError, DataContractError
from acceltrial.traces.formats.azure import AzureFormat
from acceltrial.traces.formats.base import TraceFormat
from acceltrial.traces.formats.burstgpt import BurstGptFormat
from acceltrial.traces.formats.generic import GenericFormat, OwnFormat, column_names
from acceltrial.traces.formats.mooncake import MooncakeFormat
from acceltrial.traces.formats.named import NamedFormat
from acceltrial.traces.formats.otel import OpenTelemetryFormat
from acceltrial.traces.formats.servegen import ServeGenFormat
from acceltrial.traces.source import Head

FORMATS: Final[dict[str, TraceFormat]] = {
    item.name: item
    for item in (
        AzureFormat(),
        MooncakeFormat(),
        BurstGptFormat(),
        ServeGenFormat(),
        OpenTelemetryFormat(),
        OwnFormat(),
        NamedFormat(),
        GenericFormat(),
    )
}


def find_format(head: Head, name: str, *, mapped: bool) -> TraceFormat:
    """The format called `name`; `auto` takes the generic one with a mapping, else the one recognised.

    Raises:
        ConfigurationError: no format of that name.
        DataContractError: the content is of no known format.
    """
    if name != "auto":
        if name not in FORMATS:
            raise ConfigurationError(
                f"no trace format is called {name!r}", remedy=f"choose one of auto, {', '.join(FORMATS)}"
            )
        return FORMATS[name]
    if mapped:
        return FORMATS["generic"]
    for item in FORMATS.values():
        if item.recognises(head):
            return item
    found = ", ".join(repr(name[:40]) for name in column_names(head)[:20]) or "none"
    raise DataContractError(
        "the content is of no known trace format",
        where=str(head.path),
        remedy=f"map its columns ({found}) with `columns: {{arrival: …, input_tokens: …}}` in traces.yaml or"
        f" `acceltrial trace convert {head.path.name} --columns arrival=…,input_tokens=… --out NAME.parquet`,"
        f" or name one of the formats {', '.join(FORMATS)}",
    )
