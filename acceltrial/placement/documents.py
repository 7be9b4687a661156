"""YAML as every reader understands it: text stays text, keys keep their order, no aliases."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

_AMBIGUOUS = re.compile(r"(?i)y|n|yes|no|on|off|true|false|null|~|[-+.0-9].*")
"""Words that some YAML 1.1 or 1.2 reader takes for something else than text."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = '"' if _AMBIGUOUS.fullmatch(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def yaml_text(documents: Sequence[Mapping[str, Any]], heading: Sequence[str] = ()) -> str:
    """The documents as one YAML file after comment lines; a line break in `heading` stays a comment."""
    lines = [f"# {part}" for line in heading for part in line.splitlines()]
    body = yaml.dump_all(
        documents, Dumper=_Dumper, sort_keys=False, allow_unicode=False, default_flow_style=False, width=110
    )
    return "\n".join([*lines, body]) if lines else body
