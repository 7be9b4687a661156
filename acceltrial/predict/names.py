"""Names as sources write them: devices with counts and sizes around them, models of a stated size."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import ParamSpec, TypeVar

from acceltrial.catalog import Catalogue
from acceltrial.errors import ConfigurationError
from acceltrial.predict.device import Device
from acceltrial.predict.device_names import InstanceTypes, Spelling, spellings
from acceltrial.predict.refusal import RefusedError
from acceltrial.predict.shape import ModelShape

P = ParamSpec("P")
T = TypeVar("T")
_SIZE = re.compile(r"(?<![a-z0-9.])(\d{1,4}(?:\.\d{1,2})?)b(?![a-z0-9])", re.IGNORECASE)
_ACTIVE = re.compile(r"(?<![a-z0-9.])a(\d{1,3}(?:\.\d{1,2})?)b(?![a-z0-9])", re.IGNORECASE)
SIZE_TOLERANCE = 0.2
SMALLEST_B, LARGEST_B = 0.1, 2000.0
GENERIC_DOUBT = 2.0
"""How much wider intervals are where a model's architecture is assumed from its size."""


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model's shape. `doubt` widens intervals; `note` says what was assumed, empty for a known model."""

    shape: ModelShape
    doubt: float = 1.0
    note: str = ""


class Names:
    """Finds devices and models of a catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._instances = InstanceTypes.of_catalogue(catalogue.folder)
        self._device_or_why = lru_cache(maxsize=4096)(_kept(self._device))
        self._model_or_why = lru_cache(maxsize=4096)(_kept(self._model))

    def device(self, name: str) -> tuple[Device, Spelling]:
        """The device, and how the name was read (with the count in it: "8xH100").

        Raises:
            RefusedError: unknown; the message names the nearest known.
        """
        return _raised(self._device_or_why(name))

    def model(self, name: str, params_b: float | None) -> FoundModel:
        """The model, or a generic transformer where the name states the very size that `params_b` gives.

        Raises:
            RefusedError: unknown (with the nearest known), or `params_b` contradicts the known model's.
        """
        return _raised(self._model_or_why(name, params_b))

    def _device(self, name: str) -> tuple[Device, Spelling]:
        errors = []
        for spelling in spellings(name, self._instances):
            try:
                return Device.from_row(self._catalogue.accelerator(spelling.name)), spelling
            except ConfigurationError as error:
                errors.append(error)
        # The name without its count resembles the known ones more than the whole does.
        advice = max(errors, key=lambda error: len(error.details["nearest"])).remedy
        raise RefusedError(f"{errors[0].what}; {advice}") from errors[0]

    def _model(self, name: str, params_b: float | None) -> FoundModel:
        try:
            shape = ModelShape.from_row(self._catalogue.model(name))
        except ConfigurationError as error:
            generic = None if params_b is None else generic_shape(name, params_b)
            if generic is None:
                raise RefusedError(f"{error.what}; {error.remedy}") from error
            note = f"{error.what} ({error.remedy}): a generic transformer of {params_b:g} billion parameters"
            return FoundModel(generic, GENERIC_DOUBT, note)
        if params_b is not None and abs(params_b / shape.params_b - 1.0) > SIZE_TOLERANCE:
            known = f"{shape.params_b:g} billion parameters of {shape.model}"
            raise RefusedError(f"params_b {params_b:g} contradicts the {known}")
        return FoundModel(shape)


def _kept(find: Callable[P, T]) -> Callable[P, T | str]:
    """`find`, giving the reason of a refusal in place of raising it: caches keep no errors."""

    def found(*args: P.args, **kwargs: P.kwargs) -> T | str:
        try:
            return find(*args, **kwargs)
        except RefusedError as refusal:
            return str(refusal)

    return found


def _raised(found: T | str) -> T:
    if isinstance(found, str):
        raise RefusedError(found)
    return found


def generic_shape(name: str, params_b: float) -> ModelShape | None:
    """A transformer of `params_b` billion parameters, where `name` states about that size; else None.

    Layers 32·(P/8)^0.42 and width √(P/(12·layers)), the trend of open dense models from 1 to 70 billion
    parameters; 8 KV heads of 128. "a22b" in the name makes it a mixture of 128 experts, 22 billion active.
    """
    sizes = [float(size) for size in _SIZE.findall(name.replace("_", " "))]
    stated = any(abs(size / params_b - 1.0) <= SIZE_TOLERANCE for size in sizes)
    if not stated or not SMALLEST_B <= params_b <= LARGEST_B:
        return None
    active = next((float(size) for size in _ACTIVE.findall(name.replace("_", " "))), params_b)
    mixture = 0.0 < active < params_b
    dense = active * 2.0 if mixture else params_b
    layers = max(8, round(32 * (dense / 8.0) ** 0.42))
    width = max(512, round((dense * 1e9 / (12.0 * layers)) ** 0.5 / 128) * 128)
    return ModelShape(
        model=name,
        family="moe_llm" if mixture else "dense_llm",
        params_b=params_b,
        active_params_b=active if mixture else params_b,
        layers=layers,
        hidden_size=width,
        heads=width // 128,
        kv_heads=min(8, width // 128),
        head_dim=128,
        experts=128 if mixture else None,
        active_experts=8 if mixture else None,
    )
