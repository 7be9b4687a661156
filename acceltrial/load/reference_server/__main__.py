"""The process of the reference server."""

from __future__ import annotations

import argparse
import gc
import json
import select
import sys

from acceltrial.load.precedence import take_precedence
from acceltrial.load.reference_server.answers import Behaviour
from acceltrial.load.reference_server.server import ReferenceServer


def main() -> None:
    """Entry point of the server process."""
    default = Behaviour()
    parser = argparse.ArgumentParser(description="A server of known timing that speaks the OpenAI protocol.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ttft-ms", type=float, default=default.ttft_ms)
    parser.add_argument("--itl-ms", type=float, default=default.itl_ms)
    parser.add_argument("--tokens", type=int, default=default.tokens)
    parser.add_argument("--tokens-per-chunk", type=int, default=default.tokens_per_chunk)
    parser.add_argument("--slots", type=int, default=default.slots)
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when standard input closes")
    given = vars(parser.parse_args())
    host, port, follow = given.pop("host"), given.pop("port"), given.pop("until_stdin_closes")
    take_precedence()
    server = ReferenceServer(Behaviour(**given), host, port)
    if follow:
        server.epoll.register(0, select.EPOLLIN)
    sys.stdout.write(json.dumps({"port": server.port}) + "\n")
    sys.stdout.flush()
    gc.collect()
    gc.freeze()
    # A pause of the collector would show as latency; an answer lets go of its connection when it ends.
    gc.disable()
    try:
        server.serve()
    except KeyboardInterrupt:
        server.close()


if __name__ == "__main__":
    main()
