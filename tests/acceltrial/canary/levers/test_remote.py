from __future__ import annotations

import socket
import threading

import pytest

from acceltrial.canary.lever import LeverError
from acceltrial.canary.levers.remote import RemoteLever


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"not http\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\n\r\n\xff",
    ],
)
def test_whatever_answers_that_is_no_lever_is_a_lever_error(answer):
    listener = socket.create_server(("127.0.0.1", 0))

    def reply():
        client = listener.accept()[0]
        client.recv(4096)
        client.sendall(answer)
        client.close()

    threading.Thread(target=reply, daemon=True).start()
    with pytest.raises(LeverError, match="does not answer"):
        RemoteLever(listener.getsockname()[1], "t", answer_s=2).read()
    listener.close()


def test_silence_is_a_lever_error_in_time():
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(LeverError, match="does not answer"):
        RemoteLever(silent.getsockname()[1], "t", answer_s=0.2).restore()
