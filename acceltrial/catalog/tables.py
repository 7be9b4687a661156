"""The catalogue's tables as CSV text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping


def as_csv(header: Iterable[str], rows: Iterable[Mapping[str, str]]) -> str:
    """The rows as CSV text with `header`, in the order given."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(header), lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
