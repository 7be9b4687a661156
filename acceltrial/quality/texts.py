"""Texts whose beginnings are forced upon a server: reports, and the task sets' own prompts."""

from __future__ import annotations

from acceltrial.quality.tasks import task_named
from acceltrial.targets.corpus import service_reports

_TASKS = ("questions", "routing", "summaries")


def forced_texts(seed: int, count: int = 6) -> list[str]:
    """`count` texts of some 50 to 150 tokens, from four kinds in turn; the same seed gives the same texts."""
    each = -(-count // 4)
    kinds = [service_reports(each, seed)] + [
        [f"{item.prompt} {item.answer}" for item in task_named(name).items([90] * each, seed)]
        for name in _TASKS
    ]
    return [text for group in zip(*kinds, strict=True) for text in group][:count]
