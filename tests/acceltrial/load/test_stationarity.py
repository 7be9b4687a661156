"""Drift."""

from __future__ import annotations

import numpy as np
import polars as pl

from acceltrial.load.stationarity import drift


def run(latency: np.ndarray) -> dict[str, object]:
    frame = pl.DataFrame(
        {"sent_s": np.arange(len(latency)), "ttft_from_intended_ms": latency, "e2e_from_intended_ms": latency}
    )
    return drift(frame)


def test_steady_growing_and_short() -> None:
    noise = np.random.default_rng(0).lognormal(3, 0.5, 600)
    assert run(noise)["drifting"] is False
    assert run(noise + np.arange(600))["drifting"] is True
    assert run(noise[:10])["drifting"] is None
    assert (
        run(noise[::-1] + np.arange(600)[::-1])["drifting"] is False
    )  # it got faster: a warm-up, no overload
