"""A server of known timing that speaks the OpenAI protocol: the yardstick of the load engine.

It answers at a stated time to first token, inter-token latency and number of tokens, keeps a log of
when it read each request and wrote each token (same monotonic clock as a client on this machine), and
uses nothing but the standard library. It is the fake for tests too: prompt tokens are words, so that a
test can count them.

Run as `python -m acceltrial.load.reference_server --port 0 --ttft-ms 20 --itl-ms 5`; the first line
printed is `{"port": N}`. `GET /reference/log` gives the log and `POST /reference/reset` empties it.
"""

from acceltrial.load.reference_server.answers import Behaviour

__all__ = ["Behaviour"]
