"""Who may move a lever, and until when: the dead man's switch that every lever shares."""

from __future__ import annotations

import time
from collections.abc import Callable


class RefusedError(Exception):
    """A command that the rules forbid."""


class Lease:
    """The canary's share, on loan to one holder.

    Unless it is renewed in time, or settled, the share counts as 0. A holder whose lease has ended is
    refused for good: a controller that slept through its lease can never act on an old decision.
    All times are of a monotonic clock, so jumps of the wall clock change nothing.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._share = 0.0
        self._holder = ""
        self._until: float | None = clock()
        self._retired: set[str] = set()

    @property
    def held(self) -> bool:
        """Whether somebody's lease is valid, or the share is settled."""
        return self._until is None or self._until > self._clock()

    @property
    def settled(self) -> bool:
        """Whether the share is permanent."""
        return self._until is None

    @property
    def share(self) -> float:
        """The canary's share now: nothing once the lease has run out."""
        return self._share if self.held else 0.0

    @property
    def holder(self) -> str:
        """Whose lease is valid; "" when nobody's is."""
        return self._holder if self.held else ""

    @property
    def left_s(self) -> float | None:
        """Seconds until the share falls to 0; None when it is settled."""
        return None if self._until is None else max(self._until - self._clock(), 0.0)

    def check(self, share: float, holder: str, lease_s: float) -> None:
        """Raises RefusedError: an impossible share, another's valid lease, or one's own that has ended."""
        if not 0 <= share <= 1:
            raise RefusedError(f"a share of {share} is not between 0 and 1")
        if not 0 < lease_s < 1e6:
            raise RefusedError(f"a lease of {lease_s} s is not positive")
        self._retire()
        if holder in self._retired:
            raise RefusedError(f"the lease of '{holder}' has run out or was taken back")
        if self._holder and self._holder != holder and self.held:
            raise RefusedError(f"'{self._holder}' holds the lever")

    def set_share(self, share: float, holder: str, lease_s: float) -> None:
        """Lends `share`. Raises RefusedError as `check` does."""
        self.check(share, holder, lease_s)
        self._share, self._holder, self._until = share, holder, self._clock() + lease_s

    def renew(self, holder: str, lease_s: float) -> None:
        """Raises RefusedError when the lease has run out or is another's."""
        self.check(self._share, holder, lease_s)
        if self._holder != holder or not self.held:
            raise RefusedError("the lease has run out: traffic is back on the baseline")
        if self._until is not None:
            self._until = self._clock() + lease_s

    def settle(self, holder: str) -> None:
        """Makes the share permanent. Raises RefusedError as `renew` does."""
        self.renew(holder, 1.0)
        self._until = None

    def restore(self) -> None:
        """Nothing is lent any more, whoever held it."""
        if self._holder:
            self._retired.add(self._holder)
        self._share, self._holder, self._until = 0.0, "", self._clock()

    def _retire(self) -> None:
        if self._holder and not self.held:
            self.restore()
