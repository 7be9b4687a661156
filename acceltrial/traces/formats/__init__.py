"""One module a trace format, behind one small registry; a format is told by content, never by name."""

from acceltrial.traces.formats.base import TraceFormat
from acceltrial.traces.formats.registry import FORMATS, find_format

__all__ = ["FORMATS", "TraceFormat", "find_format"]
