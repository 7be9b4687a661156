"""What a placement says: who serves a workload, with which shares, and who takes over."""

from __future__ import annotations

from dataclasses import dataclass, field

from acceltrial.errors import ConfigurationError
from acceltrial.placement import safe

MOST_SERVERS = 1_000


@dataclass(frozen=True, slots=True)
class Server:
    """One server of a pool.

    Attributes:
        weight: share of its pool's traffic, relative to the others; 0 takes none.
        max_connections: requests that it can serve at once; None where nobody knows.
    """

    name: str
    host: str
    port: int
    weight: int = 100
    max_connections: int | None = None
    tls: bool = False

    def __post_init__(self) -> None:
        where = f"server {str(self.name)[:60]!r}"
        safe.accept(safe.NAME, self.name, "server", where)
        object.__setattr__(self, "host", safe.host(self.host, where))
        safe.whole(self.port, "port", where, 1, 65_535)
        safe.whole(self.weight, "weight", where, 0, 256)
        if self.max_connections is not None:
            safe.whole(self.max_connections, "max_connections", where, 1, 1_000_000)

    @property
    def address(self) -> str:
        """`host:port`, IPv6 in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Pool:
    """Servers of one option: the same model on the same accelerator at one place.

    Attributes:
        accelerator: catalogue id; None for a device that the catalogue does not name.
        count: accelerators of one replica.
        replicas: replicas that the decision pays for.
        instances: machines to rent for the replicas; None where no offer says how many devices one has.
        instance_type: the cloud's own name of the machine; None where no offer names one.
    """

    option: str
    servers: tuple[Server, ...]
    served_model: str
    accelerator: str | None = None
    accelerator_class: str = "gpu"
    count: int = 1
    precision: str = "bf16"
    replicas: int = 1
    environment: str = "private"
    provider: str | None = None
    region: str | None = None
    instance_type: str | None = None
    instances: int | None = None
    spot: bool = False
    api_key_env: str | None = None

    def __post_init__(self) -> None:
        where = f"pool {str(self.option)[:60]!r}"
        safe.accept(safe.NAME, self.option, "option", where)
        safe.accept(safe.MODEL, self.served_model, "model", where)
        for name in ("accelerator", "accelerator_class", "precision", "environment", "provider", "region"):
            value = getattr(self, name)
            if value is not None:
                safe.accept(safe.NAME, value, name, where)
        if self.instance_type is not None:
            safe.accept(safe.NAME, self.instance_type, "instance type", where)
        if self.api_key_env is not None:
            safe.accept(safe.VARIABLE, self.api_key_env, "environment variable", where)
        safe.whole(self.count, "count", where, 1, 4_096)
        safe.whole(self.replicas, "replicas", where, 1, 100_000)
        if self.instances is not None:
            safe.whole(self.instances, "instances", where, 1, 100_000)
        names = [server.name for server in self.servers]
        if not names or len(names) > MOST_SERVERS or len(set(names)) != len(names):
            raise ConfigurationError(
                f"a pool has 1 to {MOST_SERVERS} servers with names of their own",
                where=where,
                remedy="correct the servers",
            )
        if not any(server.weight for server in self.servers):
            raise ConfigurationError(
                "every server of the pool has weight 0: nobody would serve",
                where=where,
                remedy="give one of them a weight",
            )

    @property
    def connections(self) -> int | None:
        """Requests that the pool serves at once; None where one server's limit is unknown."""
        limits = [server.max_connections for server in self.servers]
        return None if None in limits else sum(limit or 0 for limit in limits)


@dataclass(frozen=True, slots=True)
class Health:
    """How a server's health is judged: `path` answers 200, asked every `interval_ms`."""

    path: str = "/v1/models"
    interval_ms: int = 500
    fall: int = 2
    rise: int = 2

    def __post_init__(self) -> None:
        safe.accept(safe.PATH, self.path, "health path", "health check")
        safe.whole(self.interval_ms, "interval_ms", "health check", 50, 600_000)
        safe.whole(self.fall, "fall", "health check", 1, 100)
        safe.whole(self.rise, "rise", "health check", 1, 100)


@dataclass(frozen=True, slots=True)
class Limits:
    """Times and counts that a router keeps to.

    Attributes:
        queue_ms: longest wait for a free place. Only the few that raced into a full pool wait: the others
            have gone to the fallback, and a proxy cannot send on what it has queued.
        answer_s: longest time between two bytes of an answer.
        retries: further attempts of a request of which no byte was answered.
        allowed_failures: failures a minute after which a server rests for `cooldown_s`.
    """

    connect_ms: int = 250
    queue_ms: int = 10_000
    answer_s: int = 120
    retries: int = 3
    allowed_failures: int = 3
    cooldown_s: int = 15

    def __post_init__(self) -> None:
        for name, high in (
            ("connect_ms", 60_000), ("queue_ms", 600_000), ("answer_s", 86_400), ("retries", 10),
            ("allowed_failures", 1_000), ("cooldown_s", 86_400),
        ):  # fmt: skip
            safe.whole(getattr(self, name), name, "limits", 1, high)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one workload is served and where its traffic spills to.

    Attributes:
        api: `chat`, `completions`, `embeddings`, `rerank`.
        share_primary: percent of the traffic that the primary pool takes while both are well; the rest
            goes to the fallback (a canary, or a hybrid on purpose).
        listen_port: where a proxy listens for this workload.
    """

    workload: str
    primary: Pool
    fallback: Pool | None = None
    api: str = "chat"
    share_primary: int = 100
    listen_port: int = 8100
    health: Health = field(default_factory=Health)
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        safe.accept(safe.NAME, self.workload, "workload", "placement")
        safe.accept(safe.NAME, self.api, "api", f"placement of {self.workload}")
        where = f"placement of {self.workload}"
        safe.whole(self.share_primary, "share_primary", where, 0, 100)
        safe.whole(self.listen_port, "listen_port", where, 1, 65_535)
        if self.fallback is None and self.share_primary < 100:
            raise ConfigurationError(
                f"{100 - self.share_primary} % of the traffic has no pool",
                where=where,
                remedy="name a fallback, or give the primary pool 100 %",
            )
        if self.fallback is not None and self.fallback.option == self.primary.option:
            raise ConfigurationError(
                "primary and fallback are the same option: what takes one down takes both",
                where=where,
                remedy="choose another fallback",
            )

    @property
    def pools(self) -> tuple[Pool, ...]:
        """The primary pool, then the fallback where there is one."""
        return (self.primary,) if self.fallback is None else (self.primary, self.fallback)


@dataclass(frozen=True, slots=True)
class Rendered:
    """One file, by its path inside the export folder."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Gap:
    """What a format could not say for a workload, or what must be filled in before it runs."""

    workload: str
    format: str
    detail: str
    remedy: str
