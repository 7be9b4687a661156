from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from acceltrial.cli.simulate import simulate
from acceltrial.cli.simulate_flags import Fleet, Named, Wanted
from acceltrial.errors import ConfigurationError, DataContractError

ROWS = "\n".join(f"{at / 10},{100 + at},{20 + at % 7}" for at in range(200))


def simulated(**flags: Any) -> None:
    """The command with its flags by name, as the command line gathers them."""
    groups = {}
    for group, kind in (("named", Named), ("fleet", Fleet), ("wanted", Wanted)):
        mine = [field.name for field in fields(kind) if field.name in flags]
        groups[group] = kind(**{name: flags.pop(name) for name in mine})
    simulate(**groups, **flags)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "trace.csv"
    path.write_text(f"arrival_s,input_tokens,output_tokens\n{ROWS}\n")
    return path


@pytest.mark.slow
def test_figures_with_their_grade_interval_and_cost(
    trace: Path, checkout: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    catalogue = checkout / "data" / "catalogue"
    simulated(
        trace=trace, model="llama-3.1-8b", accelerator="NVIDIA H100-SXM-80GB", precision="fp8", replicas=2,
        rate_scale=2.0, seed=3, slo_ttft_ms=5000.0, catalogue=catalogue, as_json=True,
    )  # fmt: skip
    result = json.loads(capfd.readouterr().out)
    assert result["completed"] == 200
    assert result["grade"] == "predicted"
    assert 0 < result["ttft_ms"]["p50"] <= result["ttft_ms"]["p99"]
    band = result["interval"]
    assert band["fast"]["e2e_ms"]["p50"] < result["e2e_ms"]["p50"] < band["slow"]["e2e_ms"]["p50"]
    cost = result["cost"]
    assert 0 < cost["usd_low"] <= cost["usd"] <= cost["usd_high"]
    assert result["cost"]["offer_as_of"]
    assert result["simulated_requests_per_s"] > 0
    assert 0 < result["utilisation"] <= 1
    simulated(
        trace=trace, model="llama-3.1-8b", accelerator="h100-sxm", catalogue=catalogue, interval=False
    )  # fmt: skip
    assert "ttft_ms" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "llama-9"}, "llama"),
        ({"accelerator": "<b>h100</b>"}, "h100"),
        ({"precision": "fp3"}, "precision"),
        ({"accelerator": "a100-sxm-80gb", "precision": "fp8"}, "fp8"),
        ({"model": "llama-3.1-405b"}, "does not fit"),
        ({"count": 0}, "count"),
        ({"replicas": -1}, "replicas"),
        ({"rate_scale": float("nan")}, "rate scale"),
        ({"slo_ttft_ms": float("nan")}, "target"),
        ({"mtbf_h": -1.0}, "mtbf"),
        ({"token_budget": 0}, "token_budget"),
        ({"accelerator": "8xH100", "count": 2}, "contradicts the 8"),
        ({"seed": -1}, "seed"),
        ({"seed": 10**20}, "seed"),
    ],
)
def test_bad_input_is_refused(
    change: dict[str, object], message: str, trace: Path, checkout: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given = {"trace": trace, "model": "llama-3.1-8b", "accelerator": "h100-sxm", **change}
    with pytest.raises(ConfigurationError, match=message):
        simulated(catalogue=checkout / "data" / "catalogue", **given)
    assert capfd.readouterr().out == ""


def test_a_trace_without_lengths_is_refused(tmp_path: Path, checkout: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("arrival_s,input_tokens,output_tokens\n0.0,5,\n")
    with pytest.raises(DataContractError, match="output_tokens"):
        simulated(
            trace=path,
            model="llama-3.1-8b",
            accelerator="h100-sxm",
            catalogue=checkout / "data" / "catalogue",
        )
