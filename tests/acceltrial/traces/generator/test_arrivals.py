from __future__ import annotations

import numpy as np
import pytest

from acceltrial.traces.generator.arrivals import client_weights, draw_arrivals
from acceltrial.traces.generator.paths import Noise, PathShape
from acceltrial.traces.generator.spec import GeneratorSpec


def test_weights_follow_the_rank() -> None:
    assert client_weights(3, 1.0) == pytest.approx(np.array([6, 3, 2]) / 11)
    assert client_weights(4, 0.0) == pytest.approx([0.25] * 4)


@pytest.mark.parametrize("clients", [1, 5, 300])
@pytest.mark.parametrize("gap_cv", [None, 0.4])
def test_clients_get_their_share_and_times_are_in_order(clients: int, gap_cv: float | None) -> None:
    spec = GeneratorSpec(rate_rps=20, duration_s=1000, clients=clients, gap_cv=gap_cv)
    found = draw_arrivals(Noise(spec, 1000, 2), PathShape(client_depth=0.0))
    assert (np.diff(found.times_s) >= 0).all()
    assert found.times_s.size == pytest.approx(20_000, rel=0.06)
    share = np.bincount(found.client, minlength=clients) / found.client.size
    assert share == pytest.approx(client_weights(clients, 1.0), abs=0.03)


def test_sensors_keep_their_period_each() -> None:
    spec = GeneratorSpec(rate_rps=10, duration_s=1000, clients=100, client_skew=0, client_cv=0.05)
    found = draw_arrivals(Noise(spec, 1000, 2), PathShape(client_depth=0.0))
    own = np.diff(found.times_s[found.client == 77])
    assert own.std() / own.mean() < 0.1
