"""From the tables of an evaluation to placements. Rows are plain dicts with the tables' column names."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from acceltrial.placement.endpoints import Endpoints, named_server, server_of_url
from acceltrial.placement.model import Gap, Placement, Pool, Server

Row = Mapping[str, Any]
SERVED = ("chat", "completions", "embeddings", "rerank")


@dataclass(frozen=True)
class Evaluation:
    """The rows that a placement is made from."""

    placements: Sequence[Row]
    workloads: Sequence[Row]
    profiles: Sequence[Row]
    candidates: Sequence[Row]
    targets: Sequence[Row]
    costs: Sequence[Row]
    prices: Sequence[Row]
    measurements: Sequence[Row]


def assemble(
    evaluation: Evaluation,
    *,
    endpoints: Endpoints | None = None,
    domain: str = "pools.internal",
    first_port: int = 8101,
) -> tuple[list[Placement], list[Gap]]:
    """One placement a workload with an option, ordered by workload, with what is missing for the others.

    Raises:
        ConfigurationError: a name that cannot stand in generated configuration.
    """
    found: list[Placement] = []
    gaps: list[Gap] = []
    index = _Index(evaluation)
    for row in sorted(evaluation.placements, key=lambda row: row["workload"]):
        workload = row["workload"]
        api = str((index.profiles.get(workload) or {}).get("api") or "chat")
        if row["option"] is None:
            gaps.append(Gap(workload, "all", f"nothing is placed: {row['reason']}", "see the decision"))
            continue
        if api not in SERVED:
            gaps.append(Gap(workload, "all", f"{api} is not served by requests", "schedule it as a job"))
            continue
        pools = [
            _pool(index, workload, option, endpoints or {}, domain, gaps)
            for option in (row["option"], row["fallback_option"])
            if option is not None
        ]
        pools[0] = replace(pools[0], environment=str(row["environment"]))
        if row["option"] not in index.targets:
            gaps.append(
                Gap(
                    workload,
                    "all",
                    f"the model is written by its catalogue id {pools[0].served_model}",
                    "write the name by which your servers or the model's repository know it",
                )
            )
        found.append(
            Placement(
                workload=workload,
                primary=pools[0],
                fallback=pools[1] if len(pools) > 1 else None,
                api=api,
                listen_port=first_port + len(found),
            )
        )
    return found, gaps


class _Index:
    """The rows by the keys under which they are looked up."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.workloads = {row["workload"]: row for row in evaluation.workloads}
        self.profiles = {row["workload"]: row for row in evaluation.profiles}
        self.candidates = {(row["workload"], row["option"]): row for row in evaluation.candidates}
        self.targets = {row["target"]: row for row in evaluation.targets}
        self.replicas = {
            (row["workload"], row["option"]): row for row in evaluation.costs if row["metric"] == "replicas"
        }
        self.prices: dict[str, list[Row]] = {}
        for row in evaluation.prices:
            self.prices.setdefault(row["accelerator"], []).append(row)
        self.figures: dict[tuple[str, str, str, str], float] = {}
        for row in evaluation.measurements:
            if row["valid"] and row["value"] is not None:
                key = (row["workload"], row["option"], row["metric"], row["statistic"])
                self.figures[key] = float(row["value"])

    def offer(self, workload: str, option: str) -> Row:
        """The offer that the option's cost was computed with; empty when the cost does not name it."""
        source = str((self.replicas.get((workload, option)) or {}).get("source") or "")
        candidate = self.candidates.get((workload, option)) or {}
        for price in self.prices.get(candidate.get("accelerator") or "", []):
            if f"({price['model']}, {price['provider']} {price['region']}," in source:
                return price
        return {}

    def connections(self, workload: str, option: str) -> int | None:
        """Requests that one replica serves at once within its latency target.

        Little's law at its capacity with the 95th percentile of the whole answer, at most what its memory
        holds. None where neither is known.
        """
        rate = self.figures.get((workload, option, "capacity_rps", "max"))
        answer_ms = self.figures.get((workload, option, "e2e_ms", "p95"))
        memory = (self.candidates.get((workload, option)) or {}).get("max_batch")
        limits = [int(memory)] if memory else []
        if rate is not None and answer_ms is not None:
            limits.append(max(1, math.ceil(rate * answer_ms / 1_000)))
        return min(limits) if limits else None


def _pool(
    index: _Index, workload: str, option: str, endpoints: Endpoints, domain: str, gaps: list[Gap]
) -> Pool:
    candidate = index.candidates.get((workload, option)) or {}
    target = index.targets.get(option) or {}
    launch = json.loads(target["launch"]) if target.get("launch") else {}
    offer = index.offer(workload, option)
    needed = (index.replicas.get((workload, option)) or {}).get("value")
    replicas = max(1, math.ceil(needed)) if needed is not None else 1
    count = int(candidate.get("count") or 1)
    most = index.connections(workload, option)
    servers = endpoints.get((workload, option)) or _servers(
        workload, option, launch, domain, None if most is None else most * replicas, gaps
    )
    if most is not None:
        each = math.ceil(most * replicas / len(servers))
        servers = tuple(replace(s, max_connections=s.max_connections or each) for s in servers)
    if needed is None:
        gaps.append(
            Gap(workload, "all", f"replicas of {option} are not known; one is written", "set it by hand")
        )
    model = launch.get("served_model") or (index.workloads.get(workload) or {}).get("model") or "unknown"
    per_instance = offer.get("accelerators_per_instance")
    return Pool(
        option=option,
        servers=servers,
        served_model=str(model),
        accelerator=candidate.get("accelerator") or target.get("accelerator"),
        accelerator_class=str(candidate.get("accelerator_class") or "gpu"),
        count=count,
        precision=str(candidate.get("precision") or target.get("precision") or "bf16"),
        replicas=replicas,
        instances=math.ceil(replicas * count / per_instance) if per_instance else None,
        environment=str(offer.get("environment") or target.get("environment") or "private"),
        provider=_word(offer.get("provider")),
        region=_word(offer.get("region") or target.get("region")),
        instance_type=_word(offer.get("instance_type")),
        spot=offer.get("model") == "spot",
        api_key_env=launch.get("api_key_env"),
    )


def _servers(
    workload: str, option: str, launch: Row, domain: str, most: int | None, gaps: list[Gap]
) -> tuple[Server, ...]:
    if launch.get("url"):
        return (server_of_url(str(launch["url"]), "pool", f"target {option}", most=most),)
    server = named_server(workload, option, domain, most)
    gaps.append(
        Gap(
            workload,
            "all",
            f"no address of {option} is known; {server.host} stands for it",
            "make this name resolve, or give addresses with --endpoints",
        )
    )
    return (server,)


def _word(value: Any) -> str | None:
    """Blanks of a price list's names become dashes; `unspecified` is not known."""
    text = str(value or "").replace(" ", "-")
    return None if text in ("", "unspecified") else text
