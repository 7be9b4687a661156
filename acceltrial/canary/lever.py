"""What moves traffic between the arms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from acceltrial.errors import AcceltrialError


class LeverError(AcceltrialError):
    """The lever cannot be reached, refuses, or does not do what it says."""

    exit_code = 5


class LeverRefusedError(LeverError):
    """The lever answers and refuses: another holds it, or this holder's lease has ended for good."""


@dataclass(frozen=True)
class LeverState:
    """What the lever says about itself.

    Attributes:
        share: the canary's share of new requests, 0 to 1.
        holder: the controller whose lease is valid; "" when nobody holds it.
        lease_left_s: seconds until traffic returns to the baseline by itself; None when settled for good.
        routed_baseline, routed_canary: requests sent to each arm since the share was last set; None where
            the traffic system does not count them.
        canary_up: whether the lever's own health check finds the canary well; None without one.
        granularity: the smallest step between two shares that the lever can set.
    """

    share: float
    holder: str
    lease_left_s: float | None
    routed_baseline: int | None
    routed_canary: int | None
    canary_up: bool | None = None
    granularity: float = 0.0


class Lever(Protocol):
    """A way to give the canary a share of traffic, with a dead man's switch.

    Every call raises LeverError when the lever cannot be reached or refuses. Setting a share starts a
    lease: unless it is renewed in time, the lever itself sends all traffic back to the baseline.
    """

    def set_share(self, share: float, *, holder: str, lease_s: float) -> None:
        """Gives the canary `share` of new requests. Refused while another holder's lease is valid."""
        ...

    def renew(self, *, holder: str, lease_s: float) -> None:
        """Keeps the share for another `lease_s` seconds. Refused when the lease has run out."""
        ...

    def settle(self, *, holder: str) -> None:
        """Makes the present share permanent: no lease any more."""
        ...

    def restore(self) -> None:
        """Sends all traffic to the baseline at once, whoever holds the lease."""
        ...

    def read(self) -> LeverState:
        """The present state, from the lever itself."""
        ...
