"""What a traffic system must be able to do to serve as a lever: take weights, and tell them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from acceltrial.canary.lever import LeverError


@dataclass(frozen=True)
class Reading:
    """What the traffic system itself says.

    Attributes:
        share: the canary's share of new requests by its weights, 0 to 1.
        baseline, canary: requests ever sent to each arm; None where the system does not count them.
        canary_up: whether its own health check finds the canary well; None without one.
    """

    share: float
    baseline: int | None = None
    canary: int | None = None
    canary_up: bool | None = None


class Weights(Protocol):
    """A traffic system with two arms. Both calls raise LeverError, and return within `patience_s`."""

    @property
    def granularity(self) -> float:
        """The smallest step between two shares that it can set."""
        ...

    @property
    def patience_s(self) -> float:
        """How long one call may take."""
        ...

    def write(self, share: float) -> None:
        """Gives the canary `share` of new requests."""
        ...

    def read(self) -> Reading:
        """The present weights and counts, from the system itself."""
        ...


def write_and_verify(weights: Weights, share: float) -> Reading:
    """Writes and reads back. Raises LeverError when another share is read than was written."""
    weights.write(share)
    found = weights.read()
    if abs(found.share - share) > weights.granularity / 2 + 1e-9:
        raise LeverError(
            f"{share:.2%} was written, but {found.share:.2%} is read back",
            where="lever",
            remedy="see whether somebody else sets the weights",
        )
    return found


def parts_of(share: float, whole: int) -> tuple[int, int]:
    """Baseline's and canary's whole-number weights for `share`; neither arm vanishes by rounding."""
    canary = round(share * whole)
    if 0 < share < 1:
        canary = min(max(canary, 1), whole - 1)
    return whole - canary, canary
