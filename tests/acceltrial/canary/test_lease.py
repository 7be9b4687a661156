from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.canary.lease import Lease, RefusedError


class Clock:
    t = 100.0

    def __call__(self):
        return self.t


@pytest.fixture
def lease():
    clock = Clock()
    found = Lease(clock)
    found.clock = clock
    return found


def test_what_is_not_renewed_falls_back(lease):
    lease.set_share(0.5, "a", 10)
    lease.clock.t += 9
    lease.renew("a", 10)
    lease.clock.t += 9
    assert (lease.share, lease.holder) == (0.5, "a")
    lease.clock.t += 1.1
    assert (lease.share, lease.holder, lease.left_s) == (0.0, "", 0.0)


def test_a_holder_that_slept_through_its_lease_is_refused_for_good(lease):
    """The fence: an old controller wakes up after another has come and gone."""
    lease.set_share(0.5, "old", 10)
    lease.clock.t += 20
    lease.set_share(0.1, "new", 10)
    with pytest.raises(RefusedError):
        lease.renew("old", 10)
    lease.restore()
    for act in (lambda: lease.set_share(1.0, "old", 10), lambda: lease.set_share(1.0, "new", 10)):
        with pytest.raises(RefusedError, match="run out or was taken back"):
            act()
    assert lease.share == 0


def test_settled_stays_until_restored(lease):
    lease.set_share(1.0, "a", 10)
    lease.settle("a")
    lease.clock.t += 1e6
    assert (lease.share, lease.left_s, lease.settled) == (1.0, None, True)
    lease.restore()
    assert lease.share == 0


@pytest.mark.parametrize("share", [-0.1, 1.01, float("nan"), float("inf")])
def test_an_impossible_share_is_refused(lease, share):
    with pytest.raises(RefusedError, match="not between"):
        lease.set_share(share, "a", 10)


@pytest.mark.parametrize("lease_s", [0, -1, float("nan"), float("inf")])
def test_an_impossible_lease_is_refused(lease, lease_s):
    with pytest.raises(RefusedError, match="not positive"):
        lease.set_share(0.5, "a", lease_s)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["set", "renew", "settle", "restore", "wait"]), st.sampled_from("abc"),
            st.floats(0, 1), st.floats(0.1, 20),
        ),
        max_size=30,
    )
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_a_share_is_out_only_while_somebodys_lease_is_valid(orders):
    """Whatever is asked in whatever order: without a valid lease or a settlement the share is 0."""
    clock = Clock()
    lease, until, settled = Lease(clock), -1.0, False
    for act, who, share, seconds in orders:
        try:
            if act == "set":
                lease.set_share(share, who, seconds)
                until, settled = clock.t + seconds, False
            elif act == "renew":
                lease.renew(who, seconds)
                until = clock.t + seconds
            elif act == "settle":
                lease.settle(who)
                settled = True
            elif act == "restore":
                lease.restore()
                until, settled = -1.0, False
            else:
                clock.t += seconds
        except RefusedError:
            pass
        if lease.share > 0:
            assert settled or clock.t < until
