"""Statistics of a trace in one pass over its batches."""

from acceltrial.traces.statistics.accumulate import TraceAccumulator, trace_stats
from acceltrial.traces.statistics.compare import compare_stats
from acceltrial.traces.statistics.summary import LengthStats, TraceStats, littles_law

__all__ = ["LengthStats", "TraceAccumulator", "TraceStats", "compare_stats", "littles_law", "trace_stats"]
