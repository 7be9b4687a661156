from __future__ import annotations

import pytest

from acceltrial.catalog import Catalogue
from acceltrial.predict.device import Device


@pytest.mark.parametrize(
    ("name", "precision", "support"),
    [
        ("h100-sxm", "fp8", "native"),
        ("h100-sxm", "fp4", "unsupported"),
        ("h100-sxm", "int4", "weight_only"),
        ("a100-80-sxm", "fp8", "unsupported"),
        ("v100-sxm2-32", "bf16", "unsupported"),
        ("mi325x", "int4", "unknown"),
        ("arc-pro-b60", "fp8", "unsupported"),
        ("trainium2", "int8", "weight_only"),
        ("etched-sohu", "bf16", "unknown"),
        ("coral-edgetpu", "bf16", "unsupported"),
        ("max-1550", "bf16", "unknown"),
    ],
)
def test_support_follows_what_is_documented(
    catalogue: Catalogue, name: str, precision: str, support: str
) -> None:
    assert Device.from_row(catalogue.accelerator(name)).support(precision) == support


def test_weights_alone_compute_in_sixteen_bits(h100: Device) -> None:
    assert h100.rate_tflops("int4") == h100.rate_tflops("bf16")
    assert h100.rate_tflops("fp4") is None


def test_devices_without_bf16_use_fp16(catalogue: Catalogue, h100: Device) -> None:
    assert Device.from_row(catalogue.accelerator("t4")).sixteen_bit() == "fp16"
    assert h100.sixteen_bit() == "bf16"
