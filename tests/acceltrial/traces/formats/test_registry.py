from __future__ import annotations

from acceltrial.traces.formats import FORMATS


def test_every_format_says_what_it_is() -> None:
    assert set(FORMATS) >= {"azure", "mooncake", "burstgpt", "servegen", "otel", "generic", "acceltrial"}
    assert all(name == item.name and item.about for name, item in FORMATS.items())
