"""The grid of options: every device of the catalogue × count × precision, as arrays."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from acceltrial.predict.device import Device
from acceltrial.predict.parameters import Parameters
from stages.map_hardware.demand import Demand

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
WHOLE_NETWORK_FAMILIES = frozenset({"spiking", "classical"})
"""Families that nobody splits over devices: more load is met by more replicas."""


@dataclass(frozen=True)
class Options:
    """One entry an option in every array; NaN means unknown. Figures are of one device, not of a replica."""

    names: list[str]
    devices: list[Device]
    precisions: list[str]
    runtimes: list[str]
    count: FloatArray
    memory_gb: FloatArray
    bandwidth: FloatArray
    rate: FloatArray
    link: FloatArray
    tdp_w: FloatArray
    memory_share: FloatArray
    compute_share: FloatArray
    us_sequence: FloatArray
    us_layer: FloatArray
    us_link: FloatArray
    blend: float

    def __len__(self) -> int:
        return len(self.names)

    def decode_overhead_args(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Microseconds by sequence, layer and layer-and-link."""
        return self.us_sequence, self.us_layer, self.us_link


def build_options(
    accelerators: pl.DataFrame, demand: Demand, counts: tuple[int, ...], parameters: Parameters
) -> Options:
    """The options for a workload, by device in catalogue order, then count, then precision.

    A 16-bit mode means fp16 on devices that have no bf16.
    """
    sizes = (1,) if demand.shape.family in WHOLE_NETWORK_FAMILIES else counts
    devices = [(Device.from_row(row), row["runtimes"] or "") for row in accelerators.iter_rows(named=True)]
    grid = [
        (device, runtimes, count, precision)
        for (device, runtimes), count in itertools.product(devices, sizes)
        for precision in dict.fromkeys(_own(device, name) for name in demand.precisions)
    ]
    by_family = {device.family: parameters.rates(device.family) for device, _ in devices}
    rates = [by_family[device.family] for device, _, _, _ in grid]
    return Options(
        names=[f"{device.accelerator}-x{count}-{precision}" for device, _, count, precision in grid],
        devices=[device for device, _, _, _ in grid],
        precisions=[precision for _, _, _, precision in grid],
        runtimes=[runtimes for _, runtimes, _, _ in grid],
        count=_floats([count for _, _, count, _ in grid]),
        memory_gb=_floats([device.memory_gb for device, _, _, _ in grid]),
        bandwidth=_floats([device.memory_bw_gb_s for device, _, _, _ in grid]),
        rate=_floats([device.rate_tflops(precision) for device, _, _, precision in grid]),
        link=_floats([device.interconnect_gb_s for device, _, _, _ in grid]),
        tdp_w=_floats([device.tdp_w for device, _, _, _ in grid]),
        memory_share=_floats([rate.memory for rate in rates]),
        compute_share=_floats([rate.compute for rate in rates]),
        us_sequence=_floats([rate.us_per_sequence for rate in rates]),
        us_layer=_floats([rate.us_per_layer for rate in rates]),
        us_link=_floats([rate.us_per_layer_link for rate in rates]),
        blend=parameters.physical.blend,
    )


def _own(device: Device, precision: str) -> str:
    return device.sixteen_bit() if precision in {"bf16", "fp16"} else precision


def _floats(values: list[Any]) -> FloatArray:
    return np.array([np.nan if value is None else float(value) for value in values])
