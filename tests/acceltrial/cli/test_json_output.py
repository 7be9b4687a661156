"""What programs read from stdout."""

from __future__ import annotations

import json

import pytest

from acceltrial.cli.json_output import print_json


def test_keys_keep_their_order_unless_sorted(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    print_json({"b": "Grüße", "a": {2: None}})
    print_json({"b": 1, "a": 2}, sort_keys=True)
    first, second = capsysbinary.readouterr().out.split(b"}\n{")
    assert json.loads(first + b"}") == {"b": "Grüße", "a": {"2": None}}
    assert first.index(b'"b"') < first.index(b'"a"')
    assert second == b'\n  "a": 2,\n  "b": 1\n}\n'
