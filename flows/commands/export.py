"""`acceltrial export`: the last evaluation's placements as files that other systems run."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from acceltrial.cli.json_output import print_json
from acceltrial.errors import GateError
from stages.running.workspace import find_workspace

if TYPE_CHECKING:
    from stages.contract import Inputs, TableFile


def sources() -> dict[str, TableFile]:
    """The tables that an export reads, by the name under which the engine takes them."""
    from stages import artifacts as a

    tables = (
        a.PLACEMENTS, a.WORKLOADS, a.PROFILES, a.CANDIDATES, a.TARGETS, a.COSTS, a.PRICES, a.MEASUREMENTS,
    )  # fmt: skip
    return {table.name: table for table in tables}


def export(
    *,
    out: Path,
    format: str = "all",  # noqa: A002 - the option's name
    workload: list[str] | None = None,
    endpoints_file: Annotated[Path | None, Parameter(name="--endpoints")] = None,
    domain: str = "pools.internal",
    first_port: int = 8101,
    strict: bool = False,
    workspace: Path | None = None,
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Write where each workload runs and spills to: HAProxy, LiteLLM, KServe, HTTPRoute, SageMaker, SkyPilot.

    Args:
        out: Folder for the files; those of earlier exports with other names stay.
        format: haproxy, litellm, kserve, httproute, sagemaker, skypilot or all.
        workload: Only these workloads (default: all that were placed).
        endpoints_file: YAML with servers' addresses, `workload: {option: [{url, weight, max_connections}]}`.
        domain: Where no address is known, the pool is named `<workload>-<option>.<domain>`.
        first_port: The proxy listens on this port for the first workload, and upwards.
        strict: Fail (code 4) when anything is missing, after the files are written.
        workspace: The workspace (default: the one that holds the current folder).
        json: Print files and gaps as JSON.
    """
    from acceltrial.placement import assembly, endpoints, formats
    from stages.contract import Inputs

    root, read = find_workspace(workspace).root, sources()
    inputs = Inputs(root, tuple(read.values()))
    tables = {name: inputs.table(name).to_dicts() for name in read}
    tables["prices"] = _prices(inputs, root)
    if workload is not None:
        tables["placements"] = _chosen(tables["placements"], workload)
    given = endpoints.read_endpoints(endpoints_file) if endpoints_file else None
    evaluation = assembly.Evaluation(**tables)
    placements, missing = assembly.assemble(evaluation, endpoints=given, domain=domain, first_port=first_port)
    files, gaps = formats.render(placements, format)
    paths = formats.write(files, out)
    gaps = missing + gaps
    if json:
        report = {
            "placements": [p.workload for p in placements],
            "files": [str(path) for path in paths],
            "gaps": [asdict(gap) for gap in gaps],
        }
        print_json(report)
    else:
        for path in paths:
            sys.stdout.write(f"{path}\n")
        for gap in gaps:
            sys.stderr.write(f"{gap.workload} ({gap.format}): {gap.detail} → {gap.remedy}\n")
    if strict and gaps:
        raise GateError(
            f"{len(gaps)} gaps", where=str(out), remedy="close those listed above, then export again"
        )
    return 0


def _prices(inputs: Inputs, root: Path) -> list[dict[str, object]]:
    """The price table with the private offers that held on the day of the evaluation."""
    from acceltrial.storage.tables import read_provenance
    from stages.score.private_offers import with_private_offers

    written = read_provenance(inputs.path("placements")).get("written")
    table = inputs.table("prices")
    if written is None:
        return table.to_dicts()
    day = date.fromisoformat(str(written)[:10])
    return with_private_offers(table, root / "data/portfolio", day)[0].to_dicts()


def _chosen(rows: list[dict[str, object]], wanted: list[str]) -> list[dict[str, object]]:
    from acceltrial.errors import ConfigurationError

    unknown = sorted(set(wanted) - {str(row["workload"]) for row in rows})
    if unknown:
        raise ConfigurationError(
            f"no placement of {unknown[0]!r}",
            where="acceltrial export",
            remedy=f"choose among {', '.join(sorted(str(row['workload']) for row in rows))}",
        )
    return [row for row in rows if row["workload"] in wanted]
