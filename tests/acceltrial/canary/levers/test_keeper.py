from __future__ import annotations

import time

import pytest

from acceltrial.canary.lease import RefusedError
from acceltrial.canary.lever import LeverError
from acceltrial.canary.levers.keeper import Keeper

ORDER = {"share": 0.5, "holder": "a", "lease_s": 0.05}


def test_a_keeper_that_starts_puts_the_baseline_in_place_first(weights):
    weights.share = 0.7
    Keeper(weights).tend()
    assert weights.share == 0


def test_without_renewal_the_weights_are_taken_back(weights):
    keeper = Keeper(weights)
    keeper.tend()
    assert keeper.do("/share", ORDER)["share"] == 0.5
    keeper.tend()
    assert weights.share == 0.5
    time.sleep(0.06)
    keeper.tend()
    assert weights.share == 0
    with pytest.raises(RefusedError):
        keeper.do("/renew", ORDER)


def test_what_cannot_be_taken_back_at_once_is_tried_until_it_can(weights):
    keeper = Keeper(weights)
    keeper.tend()
    keeper.do("/share", ORDER)
    time.sleep(0.06)
    weights.lost = True
    for _ in range(3):
        with pytest.raises(LeverError):
            keeper.tend()
    weights.lost = False
    keeper.tend()
    assert weights.share == 0


def test_a_share_that_was_only_half_set_is_taken_back(weights):
    keeper = Keeper(weights)
    keeper.tend()
    weights.lie = 0.2
    with pytest.raises(LeverError, match="read back"):
        keeper.do("/share", ORDER)
    weights.lie = None
    assert weights.share == 0.5
    keeper.tend()
    assert weights.share == 0


def test_nobody_else_moves_what_is_held_but_anyone_restores(weights):
    keeper = Keeper(weights)
    keeper.do("/share", {**ORDER, "lease_s": 60})
    with pytest.raises(RefusedError, match="'a' holds"):
        keeper.do("/share", {**ORDER, "holder": "b"})
    assert weights.share == 0.5
    with pytest.raises(RefusedError, match="restore the baseline first"):
        keeper.do("/quit", {})
    keeper.do("/restore", {})
    assert weights.share == 0
    keeper.do("/quit", {})
    assert keeper.ended.is_set()


def test_counts_start_anew_with_each_share(weights):
    keeper = Keeper(weights)
    state = keeper.do("/share", {**ORDER, "lease_s": 60})
    assert (state["routed_baseline"], state["routed_canary"]) == (0, 0)
    assert state["granularity"] == 0.01
    with pytest.raises(ValueError, match="/nonsense"):
        keeper.do("/nonsense", {})


def test_a_settled_share_needs_no_keeper(weights):
    keeper = Keeper(weights)
    keeper.do("/share", {**ORDER, "share": 1.0, "lease_s": 60})
    keeper.do("/settle", ORDER)
    keeper.tend()
    assert weights.share == 1.0
    keeper.do("/quit", {})
    assert keeper.ended.is_set()
