"""Lengths beside ServeGen's rates."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from acceltrial.errors import DataContractError
from acceltrial.traces.formats.servegen_lengths import client_of, lengths_beside

NAMES = [f"{part}_tokens_{q}" for part in ("input", "output") for q in ("p50", "p95", "p99")]
TABLE = f"client,window_start_s,{','.join(NAMES)}\n"


def test_a_table_in_any_order_of_rows_gzip_or_not(tmp_path: Path) -> None:
    (tmp_path / "x_lengths.csv.gz").write_bytes(
        gzip.compress((TABLE + "a,600,2,3,4,5,6,7\na,0,20,30,40,5,6,\n").encode())
    )
    found = lengths_beside(tmp_path / "x_rates.csv")
    assert found is not None
    assert [(at, spec.quantiles[0.5]) for at, spec in found["a", "input"]] == [(0, 20), (600, 2)]


def test_published_densities(tmp_path: Path) -> None:
    content = {
        "600": {"input_tokens": "{10: 0.5, 30: 0.5}", "output_tokens": "{}"},
        "0": {"input_tokens": "{10: 0.4, 20: 0.55, 90: 0.05}", "output_tokens": "{7: 1.0}"},
    }
    (tmp_path / "chunk-3-dataset.json").write_text(json.dumps(content))
    found = lengths_beside(tmp_path / "chunk-3-trace.csv")
    assert found is not None
    ((at, spec),) = found["3", "input"]
    assert (at, spec.quantiles[0.25], spec.quantiles[0.5], spec.quantiles[0.99]) == (0, 10, 20, 90)
    assert found["3", "output"][0][1].quantiles[0.5] == 7


def test_reasoning_is_output(tmp_path: Path) -> None:
    fields = {"input_tokens": "{10: 1.0}", "reason_tokens": "{100: 1.0}", "answer_tokens": "{20: 1.0}"}
    (tmp_path / "chunk-3-dataset.json").write_text(json.dumps({"0": fields}))
    found = lengths_beside(tmp_path / "chunk-3-trace.csv")
    assert found is not None
    assert found["3", "output"][0][1].quantiles[0.5] == 120


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x_lengths.csv", "client,window_start_s,words\na,0,5\n"),
        ("x_lengths.csv", TABLE + "a,0,x,3,4,5,6,7\n"),
        ("x_lengths.csv", TABLE + "a,0,9,3,4,5,6,7\n"),
        ("x_lengths.csv", TABLE + "a,,2,3,4,5,6,7\n"),
        ("chunk-3-dataset.json", "[]"),
        ("chunk-3-dataset.json", "{"),
        ("chunk-3-dataset.json", '{"0": {"input_tokens": "__import__(1)", "output_tokens": "{1: 1}"}}'),
        ("chunk-3-dataset.json", '{"0": {"input_tokens": "{-4: 1.0}", "output_tokens": "{1: 1}"}}'),
        ("chunk-3-dataset.json", '{"0": {"words": "{4: 1.0}"}}'),
    ],
)
def test_what_is_no_length_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    rates = "x_rates.csv" if name.startswith("x") else "chunk-3-trace.csv"
    with pytest.raises(DataContractError) as caught:
        lengths_beside(tmp_path / rates)
    assert name in caught.value.where


def test_no_file_beside_it(tmp_path: Path) -> None:
    assert lengths_beside(tmp_path / "x_rates.csv") is None
    assert lengths_beside(tmp_path / "plain.csv") is None
    assert client_of(tmp_path / "chunk-17-trace.csv.gz") == "17"
    assert client_of(tmp_path / "other.csv") == "other.csv"
