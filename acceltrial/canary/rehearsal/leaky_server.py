"""A llama.cpp server that leaks memory, for the demonstration: `python -m … SETTINGS_JSON`."""

from __future__ import annotations

import json
import sys
import threading
import time

from acceltrial.targets.llamacpp_server import main

TICK_S = 0.25
MOST_BYTES = 4_000_000_000


def leak(bytes_per_s: int) -> None:
    """Takes memory and touches every page of it, until so much is taken that the machine could suffer."""
    taken: list[bytearray] = []
    size = int(bytes_per_s * TICK_S)
    while len(taken) * size < MOST_BYTES:
        taken.append(bytearray(b"\x01") * size)
        time.sleep(TICK_S)


if __name__ == "__main__":
    settings = json.loads(sys.argv[1])
    rate = int(settings.pop("leak_bytes_per_s"))
    threading.Thread(target=leak, args=(rate,), daemon=True).start()
    main(settings)
