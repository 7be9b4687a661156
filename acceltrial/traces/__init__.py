"""Request traces: reading any common format, statistics, sampling, and a generator fitted to statistics."""

from acceltrial.traces.columns import CANONICAL, ColumnMap
from acceltrial.traces.generator import GeneratorSpec, generate, generator_spec
from acceltrial.traces.reading import Trace, TraceFacts, open_trace
from acceltrial.traces.statistics import TraceStats, trace_stats

__all__ = [
    "CANONICAL",
    "ColumnMap",
    "GeneratorSpec",
    "Trace",
    "TraceFacts",
    "TraceStats",
    "generate",
    "generator_spec",
    "open_trace",
    "trace_stats",
]
