from __future__ import annotations

import pytest

from acceltrial.canary.levers.spec import load_lever, parse_lever
from acceltrial.errors import ConfigurationError

SPECS = [
    {"kind": "haproxy", "socket": "/run/haproxy.sock", "backend": "arms"},
    {"kind": "envoy", "port": 9901, "runtime_key": "canary.share"},
    {"kind": "sagemaker", "endpoint": "chat", "region": "eu-central-1", "baseline": "old", "canary": "new"},
    {"kind": "httproute", "manifest": "r.yaml", "baseline": "old", "canary": "new"},
]


@pytest.mark.parametrize("document", SPECS, ids=lambda spec: spec["kind"])
def test_each_kind_gives_its_weights(document):
    weights = parse_lever(document, "t").weights()
    assert 0 < weights.granularity <= 0.01
    assert weights.patience_s > 0


def test_an_address_of_a_split_is_a_lever():
    assert parse_lever({"port": 1, "control_port": 2, "token": "x"}, "t").kind == "split"


@pytest.mark.parametrize(
    ("document", "match"),
    [
        ([], "keys and values"), ({}, "kind"), ({"kind": "magic"}, "magic"),
        ({**SPECS[0], "bakend": "x"}, "bakend"), ({**SPECS[0], "backend": "a; set weight"}, "backend"),
        ({**SPECS[0], "canary": "a\nb"}, "canary"), ({**SPECS[1], "port": 0}, "port"),
        ({**SPECS[2], "region": "x"}, "region"), ({**SPECS[1], "port": float("nan")}, "port"),
        ({"token": "x", "port": 1}, "control_port"),
    ],
)  # fmt: skip
def test_a_wrong_lever_is_refused_by_name(document, match):
    with pytest.raises(ConfigurationError, match=match):
        parse_lever(document, "lever.yaml")


def test_a_file_that_cannot_be_read_says_so(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_lever(tmp_path / "none.yaml")
    (tmp_path / "l.yaml").write_text("{")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_lever(tmp_path / "l.yaml")
