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
        ("B200 (8 GPUs)", "b200-sxm", 8),
        ("8 GPUs H100", "h100-sxm", 8),
        ("A100:4", "a100-80-sxm", 4),
        ("MI300Xx8", "mi300x", 8),
        ("trn1.32xlarge", "trainium1", 16),
        ("Inf2.48xlarge", "inferentia2", 12),
        ("a3-highgpu-8g", "h100-sxm", 8),
        ("Standard_ND96isr_MI300X_v5", "mi300x", 8),
        ("TPU v5e-8", "tpu-v5e", 8),
        ("v5litepod-4", "tpu-v5e", 4),
        ("v5p-8", "tpu-v5p", 4),
        ("tpu-v6e-slice", "tpu-v6e", None),
        ("TPU v7x", "tpu-v7x", None),
        ("RTX 4090", "rtx-4090", None),
        ("2x NVIDIA GeForce RTX 4090", "rtx-4090", 2),
        ("RX 7900 XTX", "rx-7900-xtx", None),
        ("NVIDIA GH200 144GB HBM3e", "gh200-144", None),
        ("NVIDIA H100 80GB HBM3", "h100-sxm", None),
        ("NVIDIA A100-PCIE-40GB", "a100-40-pcie", None),
        ("A100-80G", "a100-80-sxm", None),
        ("Tesla V100 16GB", "v100-sxm2-16", None),
        ("H20", "h20", None),
        ("Intel® Gaudi® 3", "gaudi3", None),
        ("DGX Spark", "gb10", None),
        ("HGX B200", "b200-sxm", None),
        ("Intel(R) Arc(TM) Pro B60", "arc-pro-b60", None),
        ("AMD Instinct MI355X 288GB HBM3e", "mi355x", None),
        ("NVIDIA H200-SXM-141GB", "h200-sxm", None),
        ("TPU v6", "tpu-v6e", None),
        ("Groq LPU", "groq-lpu-v1", None),
        ("Cerebras CS-3", "cerebras-wse3", None),
        ("AWS Trainium 2", "trainium2", None),
        ("AWS Inferentia 2", "inferentia2", None),
        ("Intel® Gaudi® 3 AI accelerator", "gaudi3", None),
        ("NVIDIA Jetson AGX Orin Developer Kit (64GB)", "jetson-agx-orin-64", None),
        ("tpu-v5-lite-podslice", "tpu-v5e", None),
        ("gpu_8x_h100_sxm5", "h100-sxm", 8),
        ("BM.GPU.MI300X.8", "mi300x", 8),
        ("ND96isr_H100_v5", "h100-sxm", 8),
    ],
)
def test_devices_are_found_as_written(
    names: Names, written: str, accelerator: str, count: int | None
) -> None:
    device, spelling = names.device(written)
    assert (device.accelerator, spelling.count) == (accelerator, count)


@pytest.mark.parametrize(
    "written", ["RTX 4080", "TPU v9-8", "v4-1", "../../etc/passwd", "<b>H100</b>", "H100 MIG 1g.10gb"]
)
def test_other_devices_are_refused(names: Names, written: str) -> None:
    for _ in range(2):  # the second time from the cache
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
        ("Qwen/Qwen3-235B-A22B-Instruct-2507", "qwen3-235b-a22b"),
        ("TinyLlama/TinyLlama-1.1B-Chat-v1.0", "tinyllama-1.1b"),
        ("RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w8a8", "llama-3.1-8b"),
        ("Qwen2.5-7B-Instruct-AWQ", "qwen2.5-7b"),
        ("openai/whisper-large-v3-turbo", "whisper-large-v3-turbo"),
        ("Llama-3.1-8B-Instruct-Turbo", "llama-3.1-8b"),
        ("DeepSeek-R1-Distill-Llama-70B", "llama-3.3-70b"),
        ("ViT-B/16", "vit-base-16"),
        ("Command R+", "command-r-plus"),
        ("llama3.3-70b-instruct", "llama-3.3-70b"),
        ("mixtral-8x7b-99.9", "mixtral-8x7b"),
        ("deepseek-r1-interactive", "deepseek-r1"),
        ("amd/Llama-3.1-405B-Instruct-FP8-KV", "llama-3.1-405b"),
        ("Qwen3-235B-A22B-Thinking-2507", "qwen3-235b-a22b"),
        ("Meta-Llama-3-8B-Instruct.Q4_K_M.gguf", "llama-3-8b"),
        ("cross-encoder/ms-marco-MiniLM-L-6-v2", "ms-marco-minilm-l6"),
        ("microsoft/Phi-4-mini-instruct", "phi-4-mini"),
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
