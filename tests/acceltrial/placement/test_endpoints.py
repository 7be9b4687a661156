"""The file of addresses: read whole or refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.errors import AcceltrialError, ConfigurationError
from acceltrial.placement.endpoints import named_server, read_endpoints


def test_servers_by_workload_and_option(tmp_path: Path) -> None:
    path = tmp_path / "e.yaml"
    path.write_text("chat:\n  gpu-x1:\n  - {url: 'http://a:1/v1', weight: 3}\n  - {url: 'https://b/v1'}\n")
    servers = read_endpoints(path)["chat", "gpu-x1"]
    assert [(s.name, s.host, s.port, s.weight, s.tls) for s in servers] == [
        ("server-1", "a", 1, 3, False),
        ("server-2", "b", 443, 100, True),
    ]


@pytest.mark.parametrize(
    "text",
    ["[1]", "chat: 3", "chat: {a: {}}", "chat: {a: []}", "chat: {a: [x]}", "{",
     "chat: {a: [{url: 'http://a', x: 1}]}", "chat: {a: [{weight: 1}]}", "chat: {a: [{url: 'http://a b'}]}",
     "chat: {a: [{url: 'http://a', weight: -1}]}", "chat: {a: [{url: 'http://a', max_connections: 1.5}]}",
     "!!python/object/apply:os.system ['x']"],
)  # fmt: skip
def test_other_forms_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "e.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError):
        read_endpoints(path)


def test_an_absent_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(AcceltrialError, match=r"No such file"):
        read_endpoints(tmp_path / "absent.yaml")


def test_a_named_server_keeps_to_dns() -> None:
    assert named_server("a.b", "c" * 100, "pools.internal", None).host.split(".")[1:] == ["pools", "internal"]
