"""Names of devices and models as sources write them."""

from __future__ import annotations

import pytest

from acceltrial.catalog import Catalogue
from acceltrial.predict.names import GENERIC_DOUBT, Names, generic_shape
from acceltrial.predict.refusal import RefusedError


@pytest.fixture(scope="module")
def names(catalogue: Catalogue) -> Names:
    return Names(catalogue)


@pytest.mark.parametrize(
    ("written", "accelerator", "count"),
    [
        ("8xH100", "h100-sxm", 8),
        ("8 x NVIDIA H100", "h100-sxm", 8),
        ("T4 × 4", "t4", 4),
        ("H100x8", "h100-sxm", 8),
        ("trn1.32xlarge", "trainium1", None),
        ("Inf2.48xlarge", "inferentia2", None),
        ("HGX B200", "b200-sxm", None),
        ("Intel(R) Arc(TM) Pro B60", "arc-pro-b60", None),
        ("AMD Instinct MI355X 288GB HBM3e", "mi355x", None),
        ("NVIDIA H200-SXM-141GB", "h200-sxm", None),
        ("TPU v6", "tpu-v6e", None),
        ("Groq LPU", "groq-lpu-v1", None),
        ("Cerebras CS-3", "cerebras-wse3", None),
    ],
)
def test_devices_are_found_as_written(
    names: Names, written: str, accelerator: str, count: int | None
) -> None:
    device, counted = names.device(written)
    assert (device.accelerator, counted) == (accelerator, count)


@pytest.mark.parametrize("written", ["H20", "RTX 4090", "../../etc/passwd", "<b>H100</b>", "Tesla V100 16GB"])
def test_other_devices_are_refused(names: Names, written: str) -> None:
    with pytest.raises(RefusedError, match="no accelerator is known"):
        names.device(written)


@pytest.mark.parametrize(
    ("written", "model"),
    [
        ("Llama-3.1-405B-Instruct-FP8", "llama-3.1-405b"),
        ("llama2-70b-99.9", "llama-2-70b"),
        ("deepseek-ai/DeepSeek-R1", "deepseek-r1"),
        ("mixtral 8x7b", "mixtral-8x7b"),
        ("gptj-99", "gpt-j-6b"),
        ("qwen3 235B a22b", "qwen3-235b-a22b"),
        ("google/vit-base-patch16-224", "vit-base-16"),
        ("resnet152", "resnet-152"),
        ("Mistral-7B-Instruct-v0.3", "mistral-7b"),
    ],
)
def test_models_are_found_as_written(names: Names, written: str, model: str) -> None:
    assert names.model(written, None).shape.model == model


def test_an_unknown_model_of_a_stated_size_is_a_generic_transformer_with_doubt(names: Names) -> None:
    found = names.model("Falcon3-10B-Instruct", 10.3)
    assert found.doubt == GENERIC_DOUBT
    assert "no model is known as 'Falcon3-10B-Instruct'" in found.note
    assert "falcon" in found.note
    assert (found.shape.layers, found.shape.kv_heads) == (36, 8)
    for name, params in (("Falcon3-10B", None), ("Falcon3-10B", 70.0), ("foo", 7.0), ("<script>", 8.0)):
        with pytest.raises(RefusedError, match="no model is known"):
            names.model(name, params)
    with pytest.raises(RefusedError, match="contradicts"):
        names.model("Llama-3.1-8B", 70.0)


@pytest.mark.parametrize(("params", "layers", "width"), [(8, 32, 4608), (70, 80, 8576), (1.2, 14, 2688)])
def test_a_generic_transformer_follows_the_trend_of_open_models(
    params: float, layers: int, width: int
) -> None:
    shape = generic_shape(f"new-{params:g}B", params)
    assert shape is not None
    assert (shape.layers, shape.hidden_size) == (layers, width)


def test_active_parameters_make_a_mixture() -> None:
    shape = generic_shape("MiniMax-M1-456B-A45.9B", 456.0)
    assert shape is not None
    assert (shape.family, shape.active_params_b, shape.experts) == ("moe_llm", 45.9, 128)
    assert generic_shape("tiny-0.001b", 0.001) is None
