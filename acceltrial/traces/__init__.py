"""Request traces: reading any common format, statistics, sampling, and a generator fitted to statistics."""

from acceltrial.traces.columns import CANONICAL, ColumnMap
from acceltrial.traces.reading import Trace, TraceFacts, open_trace

__all__ = ["CANONICAL", "ColumnMap", "Trace", "TraceFacts", "open_trace"]
