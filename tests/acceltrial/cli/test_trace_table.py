"""What a person reads of a trace."""

from __future__ import annotations

import pytest

from acceltrial.cli.trace_table import number, show


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (0.12345, "0.1235"), (2.5e7, "25,000,000"), (12345, "12,345"), (True, "True"), ("x", "x")],
)
def test_numbers(value: object, shown: str) -> None:
    assert number(value) == shown


def test_figures_are_told_by_name_and_what_is_unknown_is_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    payload = {"rows": 3, "reading": {"skipped": {}, "format": "[red]azure"}, "against": [
        {"figure": "rate_rps", "ratio": 1.5}
    ]}  # fmt: skip
    show(payload, json=False, title="t")
    said = capsys.readouterr().out
    assert "reading.format" in said
    assert "[red]azure" in said
    assert "× 1.5" in said
    assert "skipped" not in said
