"""The three answers that a constraint gives."""

from __future__ import annotations

PASS, FAIL, UNKNOWN = "pass", "fail", "unknown"
