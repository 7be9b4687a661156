"""What is measured beside the run: the network's round trip, and turning text into tokens and back."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from acceltrial.load.address import Address, resolve
from acceltrial.targets import RunningServer

Body = dict[str, Any]
ROUNDS = 20
PATIENCE_S = 5.0
TEXT = "The dosing pump at station 12 showed a leaking shaft seal after 4200 operating hours. "


@dataclass(frozen=True)
class Series:
    """Milliseconds of one step, or the reason why there are none."""

    values: Sequence[float] = ()
    source: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Apart:
    """The steps that were measured apart from the run.

    Attributes:
        round_trip: a TCP connection's handshake, which is one round trip of the network.
        client_tokenise: in this process, with the tokenizer that lies beside the server.
        server_tokenise: by the server's own `/tokenize`, less the round trip of an empty request.
        detokenise: of one whole answer.
    """

    round_trip: Series = field(default_factory=Series)
    client_tokenise: Series = field(default_factory=Series)
    server_tokenise: Series = field(default_factory=Series)
    detokenise: Series = field(default_factory=Series)


def measure_apart(server: RunningServer, input_tokens: float, output_tokens: float) -> Apart:
    """All steps, for a prompt and an answer of these mean lengths. What cannot be measured has its reason."""
    address = resolve(server.base_url)
    by_client = _client_side(server.tokenizer_path, int(input_tokens), int(output_tokens))
    by_server = _server_side(address, server, int(input_tokens), int(output_tokens))
    detokenise = by_client[1] if by_client[1].values else by_server[1]
    return Apart(round_trip(address), by_client[0], by_server[0], detokenise)


def round_trip(address: Address) -> Series:
    """The time of the TCP handshake with an idle server."""
    family, host, port = address.addresses[0]
    found = []
    for _ in range(ROUNDS):
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(PATIENCE_S)
            start = time.perf_counter()
            try:
                connection.connect((host, port))
            except OSError as error:
                return Series(reason=f"no connection could be opened after the run ({error})")
            found.append((time.perf_counter() - start) * 1e3)
    return Series(found, "TCP handshake with the idle server")


def _client_side(path: Path | None, input_tokens: int, output_tokens: int) -> tuple[Series, Series]:
    if path is None:
        missing = Series(reason="no tokenizer file lies beside this server")
        return missing, missing
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    ids = tokenizer.encode(_long_text(input_tokens)).ids
    text = tokenizer.decode(ids[: max(input_tokens, 1)])
    answer = ids[: max(output_tokens, 1)]
    source = f"tokenizers library in this process, {{}} tokens, {path.name} of the model"
    return (
        Series(_timed(lambda: tokenizer.encode(text)), source.format(max(input_tokens, 1))),
        Series(_timed(lambda: tokenizer.decode(answer)), source.format(len(answer))),
    )


def _server_side(
    address: Address, server: RunningServer, input_tokens: int, output_tokens: int
) -> tuple[Series, Series]:
    absent = Series(reason="the server offers no /tokenize")
    if address.tls or server.api not in {"completions", "chat"}:
        return absent, absent
    text = _long_text(input_tokens)[: 4 * max(input_tokens, 1)]
    connection = http.client.HTTPConnection(address.host, address.port, timeout=PATIENCE_S)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException, ValueError):
        for dialect in (_llamacpp, _vllm):
            found = _post(connection, "/tokenize", dialect(server, text))
            tokens = found.get("tokens") if isinstance(found, dict) else None
            if isinstance(tokens, list) and tokens:
                return _round_trips(connection, server, dialect, text, tokens, output_tokens)
    return absent, absent


def _round_trips(
    connection: http.client.HTTPConnection,
    server: RunningServer,
    dialect: Callable[[RunningServer, str], Body],
    text: str,
    tokens: list[int],
    output_tokens: int,
) -> tuple[Series, Series]:
    answer = tokens[: max(output_tokens, 1)]
    empty = _timed(lambda: _post(connection, "/tokenize", dialect(server, "")))
    there = _timed(lambda: _post(connection, "/tokenize", dialect(server, text)))
    back: Body = {"tokens": answer, "model": server.model_name}
    home = _timed(lambda: _post(connection, "/detokenize", back))
    way = float(np.median(empty))
    source = "the server's {} with {} tokens, less an empty request"
    return (
        Series([max(0.0, one - way) for one in there], source.format("/tokenize", len(tokens))),
        Series([max(0.0, one - way) for one in home], source.format("/detokenize", len(answer))),
    )


def _llamacpp(_server: RunningServer, text: str) -> Body:
    return {"content": text}


def _vllm(server: RunningServer, text: str) -> Body:
    return {"model": server.model_name, "prompt": text}


def _post(connection: http.client.HTTPConnection, path: str, body: Body) -> Any:
    connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
    response = connection.getresponse()
    raw = response.read()
    return json.loads(raw) if response.status == 200 else None


def _timed(work: Callable[[], object]) -> list[float]:
    found = []
    for _ in range(ROUNDS + 3):
        start = time.perf_counter()
        work()
        found.append((time.perf_counter() - start) * 1e3)
    return found[3:]  # the first ones fill caches


def _long_text(tokens: int) -> str:
    return TEXT * (tokens // 12 + 1)
