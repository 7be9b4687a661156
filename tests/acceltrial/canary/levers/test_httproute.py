from __future__ import annotations

import json
import stat
from pathlib import Path

import jsonschema
import pytest
import yaml

from acceltrial.canary.lever import LeverError
from acceltrial.canary.levers.httproute import API, HttpRouteWeights
from acceltrial.placement.httproute import render
from acceltrial.placement.model import Placement, Pool, Server

SCHEMA = Path(__file__).parents[2] / "placement" / "schemas" / "httproute.json"


@pytest.fixture
def route(tmp_path):
    """A manifest as `acceltrial export` writes it, and the lever on it."""
    pools = [
        Pool(option=name, servers=(Server(name, "127.0.0.1", port),), served_model="m")
        for name, port in (("old", 8001), ("new", 8002))
    ]
    placement = Placement(workload="triage", primary=pools[0], fallback=pools[1], listen_port=8000)
    text = render([placement])[0][0].text
    path = tmp_path / "route.yaml"
    path.write_text(text)
    names = [ref["name"] for ref in yaml.safe_load(text)["spec"]["rules"][0]["backendRefs"]]
    return HttpRouteWeights(str(path), *names), path


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.01, 0.333, 0.5, 1.0])
def test_a_share_is_written_and_read_back_and_the_schema_kept(route, share):
    weights, path = route
    weights.write(share)
    assert weights.read().share == pytest.approx(share, abs=weights.granularity)
    document = yaml.safe_load(path.read_text())
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    assert document["spec"]["rules"][0]["matches"], "what the lever does not move stays"


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("[]", "not an HTTPRoute"), ("{", "cannot be read"), ("kind: Service", "not an HTTPRoute"),
        ("\x00", "cannot be read"),
        (f"{{apiVersion: {API}, kind: HTTPRoute, metadata: {{name: a}}, spec: {{rules: []}}}}",
         "no rule sends"),
    ],
)  # fmt: skip
def test_a_wrong_manifest_is_a_lever_error(route, text, match):
    weights, path = route
    path.write_text(text)
    for act in (weights.read, lambda: weights.write(0.5)):
        with pytest.raises(LeverError, match=match):
            act()
    assert path.read_text() == text


def test_rules_that_disagree_give_no_share(route):
    weights, path = route
    document = yaml.safe_load(path.read_text())
    rule = json.loads(json.dumps(document["spec"]["rules"][0]))
    rule["backendRefs"][1]["weight"] = 12345
    document["spec"]["rules"].append(rule)
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(LeverError, match="no single share"):
        weights.read()


def test_kubectl_applies_and_tells(route, tmp_path):
    """A stand-in for kubectl: `apply` copies the manifest, `get` prints the copy."""
    weights, path = route
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(
        '#!/bin/sh\nif [ "$1" = apply ]; then cp "$3" "$0.applied"; else cat "$0.applied"; fi\n'
    )
    kubectl.chmod(kubectl.stat().st_mode | stat.S_IXUSR)
    through = HttpRouteWeights(str(path), weights.baseline, weights.canary, (str(kubectl),))
    through.write(0.25)
    assert through.read().share == 0.25
    kubectl.write_text("#!/bin/sh\necho forbidden >&2\nexit 1\n")
    with pytest.raises(LeverError, match="forbidden"):
        through.write(0.5)
    gone = HttpRouteWeights(str(path), weights.baseline, weights.canary, ("/nowhere/kubectl",))
    with pytest.raises(LeverError, match="cannot be run"):
        gone.write(0.5)
