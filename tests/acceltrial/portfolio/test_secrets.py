from __future__ import annotations

import secrets as stdlib_secrets

import pytest

from acceltrial.portfolio.secrets import looks_like_secret


# Assembled here, so that no scanner takes this file for a leak.
@pytest.mark.parametrize(
    "text",
    [
        "sk-" + "aB3dE6gH9jK2mN5pQ8sT1v",
        "sk-proj-" + "aB3dE6gH9jK2mN5pQ8sT1v",
        "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwX",
        "AKIA" + "IOSFODNN7EXAMPLE",
        "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2",
        "Bearer " + "abcdef123456",
        "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "https://user:" + "hunter2@host/v1",
        "https://host/v1?api_key=" + "abc",
        stdlib_secrets.token_urlsafe(36).replace("-", "x").replace("_", "y"),
    ],
)
def test_credentials_are_seen(text: str) -> None:
    assert looks_like_secret(text)
    assert looks_like_secret(f"the key is {text}")


@pytest.mark.parametrize(
    "text",
    [
        "NORDWERK_LLM_KEY",
        "https://llm.eu.nordwerk.example:8000/v1",
        "meta-llama/Llama-3.1-8B-Instruct",
        "huggingface.co/sentence-transformers/all-MiniLM-L6-v2 config.json and model card",
        "gpu-h100-sxm_1gpu-16vcpu-200gb",
        "sha256:" + "0123456789abcdef" * 4,
        "0082b0435f39a1b2c3d4e5f60718293a4b5c6d7e",
        "a conversation that is resolved without a person within seven days",
        "",
    ],
)
def test_plain_text_is_not_taken_for_a_credential(text: str) -> None:
    assert not looks_like_secret(text)
