from __future__ import annotations

import pytest

from acceltrial.errors import ConfigurationError
from stages.registry import ORDER, all_stages, get_stage


def test_every_stage_is_whole() -> None:
    for name, stage in zip(ORDER, all_stages(), strict=True):
        assert stage.name == name
        assert stage.version
        assert stage.about
        assert {a.path.split("/")[:3][-1] for a in stage.outputs} == {name}


def test_an_unknown_stage_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="map_hardware"):
        get_stage("map-hardware; rm -rf /")
