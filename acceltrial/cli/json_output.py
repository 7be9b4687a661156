"""What `--json` prints: data for programs, alone on stdout."""

from __future__ import annotations

import sys
from typing import Any


def print_json(value: Any, *, sort_keys: bool = False) -> None:
    """Indented JSON in UTF-8 on stdout, whatever the terminal's encoding."""
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | (orjson.OPT_SORT_KEYS if sort_keys else 0)
    sys.stdout.flush()
    sys.stdout.buffer.write(orjson.dumps(value, option=options) + b"\n")
    sys.stdout.flush()
