"""HAProxy 2.6 and later: the primary pool first; its overload and its death spill into the fallback.

Four mechanisms stand behind each other, since none covers all:
- the frontend's ACL sends a request to the fallback while no primary server is up or none has a free
  connection (`be_conn_free`; `backup` servers alone do not take overload),
- fallback servers stand in the primary's backend as `backup`, so that a request caught by a dying server is
  redispatched to them (redispatch does not leave its backend),
- an error of live traffic counts against a primary server as a health check does (`observe`), so that it is
  out before the next check is due,
- a server that hangs keeps its connections: once its check fails they are closed, and requests without an
  answer so far go to the fallback.
A request of which a byte has been answered cannot be repeated by any proxy: those streams are lost.
"""

from __future__ import annotations

from collections.abc import Sequence

from acceltrial.placement import safe
from acceltrial.placement.model import Gap, Placement, Rendered, Server

_TAKEN_OUT = " observe layer4 error-limit 2 on-error mark-down on-marked-down shutdown-sessions"
"""Only where somebody else can take the requests. The last resort is never taken out by live errors: what a
dying primary sends back comes all at once, and two connections refused in that burst would close it too."""
RETRY_ON = "conn-failure empty-response 502 503 504"
"""Not `500` and not `response-timeout`: a request that breaks or hangs one server must not visit them all."""
SOCKET = "/run/haproxy/acceltrial.sock"
BUFFER_BYTES = 131_072
"""A request is kept for repetition when it fits: about 100,000 characters of prompt."""


def render(placements: Sequence[Placement], *, socket: str = SOCKET) -> tuple[list[Rendered], list[Gap]]:
    """`haproxy.cfg` for all placements and the runtime commands for each, with what is missing."""
    safe.accept(safe.FILE, socket, "socket", "haproxy")
    parts = [_GLOBAL.format(socket=socket, buffer=BUFFER_BYTES)]
    commands = [_COMMANDS_HEAD.format(socket=socket)]
    gaps: list[Gap] = []
    for placement in placements:
        parts += [_frontend(placement), _backend(placement, "primary")]
        if placement.fallback is not None:
            parts.append(_backend(placement, "fallback"))
        commands.append(_commands(placement))
        gaps += _gaps(placement)
    files = [
        Rendered("haproxy/haproxy.cfg", "\n".join(parts)),
        Rendered("haproxy/runtime.txt", "\n".join(commands)),
    ]
    return files, gaps


_GLOBAL = """\
# Written by `acceltrial export`. Check with `haproxy -c -f haproxy.cfg`, run with `haproxy -f haproxy.cfg`.
global
    # No maxconn: HAProxy takes what its limit of open files allows.
    tune.bufsize {buffer}
    stats socket {socket} mode 600 level admin expose-fd listeners

# Names are looked up again while it runs: a pool may come up, move or go without a reload.
resolvers acceltrial
    parse-resolv-conf
    resolve_retries 3
    timeout resolve 1s
    timeout retry 1s
    hold valid 10s
"""
_COMMANDS_HEAD = """\
# Runtime commands for the admin socket. They act at once and last until the next reload:
#   echo "COMMAND" | socat stdio UNIX-CONNECT:{socket}
"""


def _frontend(placement: Placement) -> str:
    name, limits = _id(placement), placement.limits
    lines = [
        f"frontend {name}",
        f"    bind 127.0.0.1:{placement.listen_port}",
        "    mode http",
        f"    timeout client {limits.answer_s}s",
        "    timeout http-request 10s",
        "    timeout http-keep-alive 60s",
    ]
    if placement.fallback is not None:
        lines += [
            # Not nbsrv: that counts backup servers once every primary is down. Lines of one name are an OR.
            *(
                f"    acl primary_up srv_is_up({name}_primary/{_server_id('primary', server)})"
                for server in placement.primary.servers
            ),
            f"    acl fallback_up nbsrv({name}_fallback) ge 1",
        ]
        if placement.share_primary < 100:
            lines.append(
                f"    use_backend {name}_fallback if fallback_up {{ rand(100) ge {placement.share_primary} }}"
            )
        if placement.primary.connections is not None:
            # Without a known limit on every server be_conn_free is -1 and says nothing.
            lines += [
                f"    acl primary_free be_conn_free({name}_primary) gt 0",
                f"    use_backend {name}_primary if primary_up primary_free",
                f"    use_backend {name}_fallback if fallback_up",
            ]
        else:
            lines.append(f"    use_backend {name}_fallback if !primary_up fallback_up")
    lines.append(f"    default_backend {name}_primary")
    return "\n".join(lines) + "\n"


def _backend(placement: Placement, role: str) -> str:
    name, limits, health = _id(placement), placement.limits, placement.health
    pool = placement.primary if role == "primary" else placement.fallback
    assert pool is not None
    lines = [
        f"backend {name}_{role}",
        f"    # {pool.option}: {pool.replicas} replicas of {pool.count} {pool.accelerator or 'device'}",
        "    mode http",
        "    balance leastconn",
        f"    timeout connect {limits.connect_ms}ms",
        f"    timeout queue {limits.queue_ms}ms",
        f"    timeout server {limits.answer_s}s",
        f"    retries {limits.retries}",
        "    option redispatch 1",
        f"    retry-on {RETRY_ON}",
        "    option httpchk",
        f"    http-check send meth GET uri {health.path}",
        "    http-check expect status 200",
        f"    default-server check inter {health.interval_ms}ms fall {health.fall} rise {health.rise}"
        " resolvers acceltrial init-addr last,libc,none",
    ]
    replaceable = role == "primary" and (placement.fallback is not None or len(pool.servers) > 1)
    lines += [_server(role, server) + (_TAKEN_OUT if replaceable else "") for server in pool.servers]
    if role == "primary" and placement.fallback is not None:
        lines.append("    # Take redispatched requests; used only while no primary server is up.")
        lines.append("    option allbackups")
        lines += [_server("fallback", server) + " backup" for server in placement.fallback.servers]
    return "\n".join(lines) + "\n"


def _server(role: str, server: Server) -> str:
    text = f"    server {_server_id(role, server)} {server.address} weight {server.weight}"
    if server.max_connections is not None:
        text += f" maxconn {server.max_connections}"
    if server.tls:
        text += f" ssl verify required ca-file @system-ca sni str({server.host})"
    return text


def _commands(placement: Placement) -> str:
    name = _id(placement)
    primary = [f"{name}_primary/{_server_id('primary', server)}" for server in placement.primary.servers]
    blocks = {
        "drain the primary pool (open answers end, nothing new comes)": [
            f"set server {s} state drain" for s in primary
        ],
        "take the primary pool out at once": [f"set server {s} state maint" for s in primary],
        "bring the primary pool back": [f"set server {s} state ready" for s in primary],
    }
    for share in (5, 25, 50, 100):
        blocks[f"primary servers at {share} % of their weight"] = [
            f"set weight {s} {share}%" for s in primary
        ]
    return "\n".join(f"# {name}: {title}\n" + "\n".join(lines) + "\n" for title, lines in blocks.items())


def _gaps(placement: Placement) -> list[Gap]:
    gaps = []
    if placement.fallback is None:
        gaps.append(
            Gap(
                placement.workload,
                "haproxy",
                "no fallback: an outage of the pool is an outage",
                "add an option of another family",
            )
        )
    elif placement.primary.connections is None:
        gaps.append(
            Gap(
                placement.workload, "haproxy",
                "nobody knows how many requests the primary pool serves at once, so overload does not spill",
                "benchmark the option, or give max_connections in the endpoints file",
            )
        )  # fmt: skip
    return gaps


def _id(placement: Placement) -> str:
    return safe.label(placement.workload)


def _server_id(role: str, server: Server) -> str:
    return f"{role}-{safe.label(server.name)}"
