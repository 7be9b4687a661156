"""Whatever is done to a file, reading it ends with rows or with one of our errors."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.errors import AcceltrialError
from acceltrial.traces import ColumnMap, open_trace

WHOLE = {
    "azure": b"TIMESTAMP,ContextTokens,GeneratedTokens\n"
    b"2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.99,396,109\n",
    "mooncake": b'{"timestamp": 0, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1]}\n'
    b'{"timestamp": 3000, "input_length": 900, "output_length": 5, "hash_ids": [0]}\n',
    "burstgpt": b"Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
    b"5,GPT-4,472,18,490,API log\n",
    "otel": b'{"name":"chat","start_time":"2026-01-01T00:00:01Z",'
    b'"attributes":{"gen_ai.usage.input_tokens":3}}\n',
    "servegen": b"client,window_start_s,rate_rps,interarrival_cv,distribution\n"
    b"0,0,2,1,Gamma\n0,60,2,1,Weibull\n",
    "generic": b't;in;"out"\n0;5;6\n1;7;8\n',
}
MAPPING = ColumnMap(arrival="t", input_tokens="in", output_tokens="out")


@pytest.mark.parametrize("name", sorted(WHOLE))
@settings(deadline=None, max_examples=30)
@given(
    edits=st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=3), st.integers(0, 4)), max_size=4),
    packed=st.booleans(),
)
def test_rows_or_one_clear_error(name: str, edits: list[tuple[int, bytes, int]], packed: bool) -> None:
    content = WHOLE[name]
    if packed:
        content = gzip.compress(content)
    for at, new, drop in edits:
        at %= len(content) + 1
        content = content[:at] + new + content[at + drop :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace"
        path.write_bytes(content)
        try:
            columns = MAPPING if name == "generic" else None
            frame = open_trace(path, format=name, columns=columns, block_bytes=64).collect()
        except AcceltrialError as error:
            told = bool(error.remedy) and str(path) in error.where
        else:
            told = frame["arrival_s"].is_sorted() and frame["arrival_s"][0] == 0.0
        assert told
