"""Sampling, memory, GPU, energy, growth and the page cache."""

from __future__ import annotations

import math
import os
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.errors import StorageError
from acceltrial.telemetry.energy import COUNTER, INTEGRATED, NONE, RAPL, cpu_energy, gpu_energy
from acceltrial.telemetry.growth import slope
from acceltrial.telemetry.nvml import open_nvml, throttled
from acceltrial.telemetry.page_cache import drop, files_under, resident_share
from acceltrial.telemetry.process_memory import ProcessMemory
from acceltrial.telemetry.rapl import RaplProbe, open_rapl
from acceltrial.telemetry.sampling import Sampler, grown


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class StandInNvml:
    """Answers like the module pynvml. A stand-in: no GPU is at hand where these tests run."""

    class NVMLError(Exception):
        pass

    def __init__(self, devices: int = 1, *, counter: bool = True, power: bool = True) -> None:
        self.devices, self.counter, self.power = devices, counter, power
        self.tick = 0
        self.pending = [79, 31]

    def nvmlInit(self) -> None:
        pass

    def nvmlDeviceGetCount(self) -> int:
        return self.devices

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetName(self, handle: int) -> bytes:
        return b"Stand-in GPU"

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:
        return SimpleNamespace(gpu=80, memory=40)

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:
        return SimpleNamespace(used=8_000_000_000 + self.tick)

    def nvmlDeviceGetPowerUsage(self, handle: int) -> int:
        if not self.power:
            raise self.NVMLError("Not Supported")
        return 300_000

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: int) -> int:
        if not self.counter:
            raise self.NVMLError("Not Supported")
        return 1_000_000 + 250_000 * self.tick

    def nvmlDeviceGetClockInfo(self, handle: int, which: int) -> int:
        return {1: 1_700, 2: 2_600}[which]

    def nvmlDeviceGetTemperature(self, handle: int, sensor: int) -> int:
        return 61

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, handle: int) -> int:
        return 0x44 if self.tick % 2 else 0x1

    def nvmlDeviceGetTotalEccErrors(self, handle: int, kind: int, counter: int) -> int:
        raise self.NVMLError("Not Supported")

    def nvmlEventSetCreate(self) -> str:
        return "set"

    def nvmlDeviceRegisterEvents(self, handle: int, events: int, where: str) -> None:
        pass

    def nvmlEventSetWait_v2(self, where: str, timeout_ms: int) -> Any:
        if self.tick < 3 or not self.pending:
            raise self.NVMLError("Timeout")
        return SimpleNamespace(eventData=self.pending.pop(0))

    def nvmlEventSetFree(self, where: str) -> None:
        pass


def watched(api: StandInNvml, seconds: int = 6) -> Sampler:
    probes = open_nvml(api)
    assert not isinstance(probes, str)
    clock = Clock()
    sampler = Sampler(list(probes), clock=clock)
    for second in range(seconds):
        clock.now = float(second)
        api.tick = second
        sampler.read()
    return sampler


def test_a_gpu_is_read() -> None:
    sampler = watched(StandInNvml())
    assert sampler.series("gpu0", "gpu_utilisation_share", 0, 9)[1] == [0.8] * 6
    assert sampler.series("gpu0", "gpu_power_w", 2, 3) == ([2.0, 3.0], [300.0, 300.0])
    assert sampler.series("gpu0", "gpu_xid_errors", 0, 9)[1] == [0, 0, 0, 2, 2, 2]
    assert sampler.series("gpu0", "gpu_sm_clock_mhz", 0, 0)[1] == [1700.0]
    assert sampler.series("gpu0", "gpu_ecc_uncorrected", 0, 9) == ([], [])  # not supported: absent, never 0
    masks = sampler.series("gpu0", "gpu_throttle_reasons", 0, 9)[1]
    assert throttled(masks[0]) == []
    assert throttled(masks[1]) == ["software power cap", "hardware thermal slowdown"]


@pytest.mark.parametrize(
    ("api", "method", "joules"),
    [
        (StandInNvml(), COUNTER, 750.0),
        (StandInNvml(counter=False), INTEGRATED, 900.0),
        (StandInNvml(2), COUNTER, 1500.0),
        (StandInNvml(counter=False, power=False), NONE, None),
    ],
)
def test_gpu_energy_names_its_method(api: StandInNvml, method: str, joules: float | None) -> None:
    gpus = [f"gpu{n}" for n in range(api.devices)]
    found = gpu_energy(watched(api), gpus, 1.0, 4.0)
    assert (found.method, found.joules) == (method, joules)
    assert (found.joules is None) == bool(found.reason)


def test_without_a_gpu_there_is_a_reason() -> None:
    assert gpu_energy(Sampler([]), [], 0, 1).reason
    assert open_nvml(StandInNvml(0)) == "NVML finds no GPU"

    class Broken(StandInNvml):
        def nvmlInit(self) -> None:
            raise self.NVMLError("Driver Not Loaded")

    assert open_nvml(Broken()) == "NVML: Driver Not Loaded"
    here = open_nvml()
    assert isinstance(here, str | list)


def rapl_folder(root: Path, *, readable: bool = True) -> Path:
    for name, kind in (("intel-rapl:0", "package-0"), ("intel-rapl:0:0", "core"), ("intel-rapl:1", "psys")):
        zone = root / name
        zone.mkdir(parents=True)
        (zone / "name").write_text(f"{kind}\n")
        (zone / "max_energy_range_uj").write_text("1000000\n")
        if readable:
            (zone / "energy_uj").write_text("900000\n")
    return root


def test_rapl_follows_a_counter_that_wraps(tmp_path: Path) -> None:
    probe = open_rapl(rapl_folder(tmp_path))
    assert isinstance(probe, RaplProbe)
    assert [zone.name for zone in probe.zones] == ["intel-rapl:0"]
    counter = tmp_path / "intel-rapl:0" / "energy_uj"
    clock = Clock()
    sampler = Sampler([probe], clock=clock)
    for second, value in enumerate((900_000, 950_000, 10_000, 500_000)):
        clock.now = float(second)
        counter.write_text(str(value))
        sampler.read()
    found = cpu_energy(sampler, 0.0, 3.0)
    assert found.method == RAPL
    assert found.joules == pytest.approx(0.6)
    assert cpu_energy(sampler, 0.0, 4.0).joules is None


def test_no_rapl_has_a_reason(tmp_path: Path) -> None:
    assert "no RAPL counter" in str(open_rapl(tmp_path / "none"))
    assert "may not be read" in str(open_rapl(rapl_folder(tmp_path, readable=False)))


@settings(max_examples=50, deadline=None)
@given(rate=st.floats(-5, 5), noise=st.floats(0, 2), seed=st.integers(0, 999))
def test_a_slope_is_found_with_its_interval(rate: float, noise: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    at = np.arange(60) / 2
    found = slope(at.tolist(), (100 + rate * at + noise * rng.normal(size=60)).tolist())
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.value <= found.high
    assert found.value == pytest.approx(rate, abs=1e-6 + noise * 0.3)


def test_the_interval_of_steady_memory_holds_zero_as_often_as_it_says() -> None:
    held = 0
    for seed in range(200):
        rng = random.Random(seed)
        level, values = 0.0, []
        for _ in range(80):  # neighbours depend on one another
            level = 0.5 * level + rng.gauss(0, 1)
            values.append(500 + level)
        found = slope([n / 2 for n in range(80)], values)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0 <= found.high
    assert held >= 175  # 95 % promised, and what dependence is left takes a little


@pytest.mark.parametrize("times", [[], [1.0], [1.0, 1.0, 1.0, 1.0, 1.0]])
def test_no_time_no_slope(times: list[float]) -> None:
    found = slope(times, [1.0] * len(times))
    assert found.value is None
    assert found.reason


def test_a_slope_refuses_what_is_no_series() -> None:
    with pytest.raises(ValueError, match="2 times and 1 values"):
        slope([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="not finite"):
        slope([1.0, 2.0], [1.0, math.nan])


def test_growth_between_two_times() -> None:
    assert grown([0, 2, 4], [10, 20, 40], 1, 3) == pytest.approx(15)
    assert grown([0, 2], [10, 20], 1, 3) is None
    assert grown([0, 2, 4], [10, 5, 40], 1, 3) is None
    assert grown([0], [1], 0, 0) is None


def test_own_memory_is_seen_and_a_dead_process_is_not() -> None:
    probe = ProcessMemory(os.getpid())
    first, second = probe.read(), probe.read()
    assert first["rss_mb"] > 10
    assert first.get("pss_mb", 1.0) > 0
    assert "pss_mb" not in second  # every fourth reading only
    assert ProcessMemory(2**22 + 1).read() == {}


def test_a_sampler_reads_at_its_start_and_end() -> None:
    with Sampler([ProcessMemory(os.getpid())], period_s=60) as sampler:
        pass
    assert len(sampler.series("server", "rss_mb", -math.inf, math.inf)[0]) == 2


def test_a_file_is_taken_out_of_the_page_cache(tmp_path: Path) -> None:
    file = tmp_path / "weights.bin"
    file.write_bytes(os.urandom(2_000_000))
    (tmp_path / "empty").touch()
    files = files_under([tmp_path])
    assert files == [tmp_path / "empty", file]
    file.read_bytes()
    before = resident_share(files)
    if before is None:
        pytest.skip("this system does not tell what its page cache holds")
    assert before > 0.9
    drop(files)
    after = resident_share(files)
    assert after is not None
    assert after <= before  # a memory file system keeps what it has nowhere else
    assert resident_share([tmp_path / "empty"]) is None


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be opened"):
        drop([tmp_path / "none"])
