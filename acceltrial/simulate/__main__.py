"""`python -m acceltrial.simulate` compiles the simulator into the cache: half a minute, once a version."""

from __future__ import annotations

import numpy as np

from acceltrial.simulate import Load, Server, StepTimes, simulate


def main() -> None:
    """Simulates one request; its result does not matter."""
    one = np.ones(1)
    simulate(Load.of(one, one, one), StepTimes(shared=0.01, cache=0.0, token=0.0), Server(cache_tokens=1024))


if __name__ == "__main__":
    main()
