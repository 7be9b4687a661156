"""Fixtures that many tests share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stages.contract import Context

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the checkout under test."""
    return CHECKOUT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real public data that lies beside the checkout on development machines."""
    folder = CHECKOUT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder of public data beside the checkout is absent")
    return folder


@pytest.fixture
def make_context(tmp_path: Path) -> Callable[..., Context]:
    """Builds a stage context in a temporary workspace with a fixed date."""

    def build(root: Path | None = None) -> Context:
        scratch = tmp_path / "scratch"
        cache = tmp_path / "cache"
        scratch.mkdir(exist_ok=True)
        cache.mkdir(exist_ok=True)
        return Context(
            root=root or tmp_path,
            scratch=scratch,
            cache=cache,
            now=datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
            run="test-run",
        )

    return build
