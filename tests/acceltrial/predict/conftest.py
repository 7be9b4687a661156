"""Devices, models and a small predictor that the tests of prediction share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from acceltrial.catalog import Catalogue, load_catalogue
from acceltrial.predict.case import Kind, ServingCase, as_arrays
from acceltrial.predict.device import Device
from acceltrial.predict.fitting import Training
from acceltrial.predict.physics import Physical, log_prediction
from acceltrial.predict.shape import ModelShape


@pytest.fixture(scope="session")
def catalogue(checkout: Path) -> Catalogue:
    return load_catalogue(checkout / "data" / "catalogue")


@pytest.fixture(scope="session")
def h100(catalogue: Catalogue) -> Device:
    return Device.from_row(catalogue.accelerator("h100-sxm"))


@pytest.fixture(scope="session")
def llama(catalogue: Catalogue) -> ModelShape:
    return ModelShape.from_row(catalogue.model("llama-3.1-8b"))


@pytest.fixture(scope="session")
def chat(h100: Device, llama: ModelShape) -> ServingCase:
    return ServingCase(h100, llama, 1, "bf16", "bf16", "closed_loop", 1024.0, 256.0, 16.0)


@pytest.fixture(scope="session")
def made_up(chat: ServingCase, catalogue: Catalogue) -> Training:
    """Rows that a known truth made: shared figures, one family a third slower, little noise."""
    truth = replace(Physical(), memory=0.6, us_layer=30.0)
    rng = np.random.default_rng(7)
    cases: list[ServingCase] = []
    kinds: list[Kind] = []
    for name in ("h100-sxm", "l40s", "mi300x", "gaudi2"):
        device = Device.from_row(catalogue.accelerator(name))
        for concurrency in (1.0, 4.0, 16.0):
            for tokens in (256.0, 2048.0):
                case = replace(chat, device=device, concurrency=concurrency, input_tokens=tokens)
                cases += [case, case]
                kinds += ["tpot", "throughput"]
    logs = log_prediction(as_arrays(cases), np.array(kinds), truth)
    slow = np.array([0.3 if case.device.accelerator == "mi300x" else 0.0 for case in cases])
    sign = np.array([1.0 if kind == "tpot" else -1.0 for kind in kinds])
    return Training(
        tuple(cases),
        tuple(kinds),
        logs + sign * slow + rng.normal(0.0, 0.02, len(cases)),
        np.zeros(len(cases), dtype=bool),
    )
