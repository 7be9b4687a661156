"""The short run that calibrates a server: closed loops of growing concurrency, with lengths drawn anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from acceltrial.errors import ConfigurationError
from acceltrial.simulate.observation import Phase, phase_of

if TYPE_CHECKING:
    from acceltrial.load import LoadResult, Schedule

SHORTEST = 16
ALONE = 12
MOST_STREAMS = 1024


@dataclass(frozen=True, slots=True)
class Probe:
    """What is sent.

    Attributes:
        streams: of each closed loop; the first run is always one at a time.
        longest_input, longest_output: tokens; lengths are drawn from 16 and 4 up to them.
    """

    streams: Sequence[int] = (2, 4, 8)
    longest_input: int = 256
    longest_output: int = 32
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.streams or not all(2 <= count <= MOST_STREAMS for count in self.streams):
            raise ConfigurationError(
                f"streams must be from 2 to {MOST_STREAMS}, not {list(self.streams)}",
                where="calibration run",
                remedy="a first run of one stream is always made; name the others",
            )
        for name, value, least in (
            ("input", self.longest_input, SHORTEST),
            ("output", self.longest_output, 4),
        ):
            if not least <= value <= 1 << 20:
                raise ConfigurationError(
                    f"the longest {name} must be from {least} to {1 << 20} tokens, not {value}",
                    where="calibration run",
                    remedy="take the longest that the server's traffic has",
                )

    def schedules(self) -> list[Schedule]:
        """One closed loop each: alone over the range of lengths, then every number of streams."""
        from acceltrial.load import Schedule

        generator = np.random.default_rng(self.seed)
        lengths = np.repeat(np.geomspace(SHORTEST, self.longest_input, ALONE // 2).astype(int), 2)
        outputs = [max(self.longest_output // 4, 2), max(3 * self.longest_output // 4, 3)] * (ALONE // 2)
        loops = [
            Schedule.closed_loop(
                1, requests=ALONE, input_tokens=lengths.tolist(), output_tokens=outputs, seed=self.seed
            )
        ]
        for count in self.streams:
            requests = 2 * count + 4
            loops.append(
                Schedule.closed_loop(
                    count,
                    requests=requests,
                    input_tokens=generator.integers(SHORTEST, self.longest_input + 1, requests).tolist(),
                    output_tokens=generator.integers(4, self.longest_output + 1, requests).tolist(),
                    seed=self.seed + count,
                )
            )
        return loops


def probe(run: Callable[[Schedule], LoadResult], plan: Probe) -> list[Phase]:
    """What the server did with each closed loop; `run` sends one.

    Raises:
        DataContractError: a loop got no streamed answer.
    """
    loops = plan.schedules()
    return [phase_of(run(loop).records, f"calibration run {index + 1}") for index, loop in enumerate(loops)]
