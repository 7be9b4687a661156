"""What is simulated, from the fitted step-time model or from a calibrated server, and its figures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from acceltrial.predict.case import ServingCase
from acceltrial.predict.parameters import Parameters
from acceltrial.predict.physics import DEFAULT_LINK_GB_S
from acceltrial.simulate.calibrated import CalibratedServer
from acceltrial.simulate.configuration import Server, StepTimes
from acceltrial.simulate.fitted import cache_tokens, slower, spread, step_times
from acceltrial.simulate.load import Load
from acceltrial.simulate.simulation import simulate
from acceltrial.simulate.summary import Targets, summarise

BANDED = (
    "ttft_ms",
    "e2e_ms",
    "itl_ms",
    "requests_per_s",
    "output_tokens_per_s",
    "goodput_rps",
    "utilisation",
    "replica_hours",
)


@dataclass(frozen=True)
class Subject:
    """What a simulation needs to know of model and machine.

    Attributes:
        step_factor: either way of the step times, 80 % lie within it.
        settings: of `Server`, that follow from what is simulated.
        source: where the step times come from.
    """

    steps: StepTimes
    step_factor: float
    settings: dict[str, Any]
    source: str

    def server(self, **settings: Any) -> Server:
        """The server with these settings; those given as None keep what follows from the subject."""
        return Server(
            **(self.settings | {name: value for name, value in settings.items() if value is not None})
        )

    def figures(
        self, load: Load, server: Server, targets: Targets, *, seed: int, interval: bool
    ) -> dict[str, Any]:
        """The summary; with `interval` also from step times at both ends of theirs."""
        result = summarise(simulate(load, self.steps, server, seed=seed), targets)
        if not interval:
            return result | {"interval": None, "interval_reason": "not asked for"}
        result["interval"] = {"level": 0.8, "step_time_factor": self.step_factor}
        for name, own in (("fast", 1.0 / self.step_factor), ("slow", self.step_factor)):
            other = summarise(simulate(load, slower(self.steps, own), server, seed=seed), targets)
            result["interval"][name] = {metric: other[metric] for metric in BANDED}
        return result


def fitted_subject(case: ServingCase, load: Load, parameters: Parameters) -> Subject:
    """The subject that the step-time model tells, for the mean lengths of the load.

    Raises:
        ConfigurationError: the model does not answer in tokens, does not fit, or a figure is not known.
    """
    if len(load):
        means = float(load.inputs.mean()), float(load.outputs.mean())
        case = replace(case, input_tokens=means[0], output_tokens=means[1])
    link = (case.device.interconnect_gb_s or DEFAULT_LINK_GB_S) / 2.0
    settings = {
        "cache_tokens": cache_tokens(case),
        "longest": case.shape.context_window or 1 << 30,
        "transfer_s_per_token": (case.shape.kv_gb_per_token() or 0.0) / link,
        "token_budget": 2048,
        "max_sequences": 256,
        "prefix_cache": True,
    }
    return Subject(step_times(case, parameters), spread(case, parameters), settings, parameters.source)


def calibrated_subject(server: CalibratedServer) -> Subject:
    """The subject that a calibration run told; it sees no limit of memory or context and no prefix reuse."""
    fitted = server.calibration
    settings = {
        "cache_tokens": 1 << 30,
        "token_budget": fitted.token_budget,
        "max_sequences": fitted.max_sequences,
        "prompt_tail": fitted.prompt_tail,
        "prefix_cache": False,
    }
    return Subject(fitted.steps, fitted.step_factor, settings, server.source)
