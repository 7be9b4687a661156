"""Where pools answer: addresses that people give, and names that stand for those still unknown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from acceltrial.errors import ConfigurationError
from acceltrial.placement import safe
from acceltrial.placement.model import Server
from acceltrial.storage.atomic import storage_error

PORT = 8000
Endpoints = Mapping[tuple[str, str], tuple[Server, ...]]
"""Servers by workload and option."""


def read_endpoints(path: Path) -> Endpoints:
    """The servers of a YAML file `WORKLOAD: {OPTION: [{url, weight?, max_connections?}]}`.

    Raises:
        StorageError: the file cannot be read.
        ConfigurationError: it has another form, or an address that cannot stand in configuration.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise storage_error(error, path) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _wrong(path, f"not readable as YAML ({' '.join(str(error).split())[:200]})") from error
    if not isinstance(document, dict):
        raise _wrong(path, "expected workloads with their options")
    found = {}
    for workload, options in document.items():
        if not isinstance(options, dict):
            raise _wrong(path, f"{str(workload)[:60]}: expected options with a list of servers")
        for option, entries in options.items():
            if not isinstance(entries, list) or not entries:
                raise _wrong(path, f"{str(workload)[:60]} / {str(option)[:60]}: expected a list of servers")
            servers = tuple(_server(path, number, entry) for number, entry in enumerate(entries, start=1))
            found[str(workload), str(option)] = servers
    return found


def server_of_url(url: str, name: str, where: str, *, weight: int = 100, most: int | None = None) -> Server:
    """The server behind an `http(s)://host[:port]/v1` address. Raises ConfigurationError."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        parts, port = urlsplit(""), 0
    plain = parts.path.rstrip("/") in ("", "/v1") and not (parts.query or parts.fragment or parts.username)
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain or not url.isprintable():
        raise ConfigurationError(
            f"{url[:80]!r} is no server's address",
            where=where,
            remedy="write http(s)://host:port/v1, without user, password, query or further path",
        )
    return Server(name, parts.hostname, port, weight, most, tls=parts.scheme == "https")


def named_server(workload: str, option: str, domain: str, most: int | None) -> Server:
    """A DNS name to be made: `<workload>-<option>.<domain>`, port 8000. Raises ConfigurationError."""
    host = f"{safe.label(workload, option)}.{safe.host(domain, 'domain')}"
    return Server("pool", host, PORT, max_connections=most)


def _server(path: Path, number: int, entry: Any) -> Server:
    if not isinstance(entry, dict) or not set(entry) <= {"url", "weight", "max_connections"}:
        raise _wrong(path, f"server {number}: only url, weight and max_connections are known")
    return server_of_url(
        str(entry.get("url", "")),
        f"server-{number}",
        f"{path}, server {number}",
        weight=entry.get("weight", 100),
        most=entry.get("max_connections"),
    )


def _wrong(path: Path, what: str) -> ConfigurationError:
    return ConfigurationError(
        what,
        where=str(path),
        remedy="write `workload: {option: [{url: http://host:8000/v1, weight: 100, max_connections: 32}]}`",
    )
