"""`acceltrial simulate`: a trace against a server that nobody here has."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import orjson
from cyclopts import Parameter

if TYPE_CHECKING:
    from acceltrial.catalog import Catalogue
    from acceltrial.predict.case import ServingCase
    from acceltrial.predict.parameters import Parameters
    from acceltrial.simulate import Load, Server
    from acceltrial.simulate.summary import Targets

Switch = Parameter(negative="")
_BANDED = (
    "ttft_ms",
    "e2e_ms",
    "itl_ms",
    "requests_per_s",
    "output_tokens_per_s",
    "goodput_rps",
    "utilisation",
)


def simulate(
    *,
    trace: Path,
    model: str,
    accelerator: str,
    count: int = 1,
    precision: str = "bf16",
    replicas: int = 1,
    rate_scale: float = 1.0,
    seed: int = 0,
    router: Literal["round_robin", "least_loaded", "prefix_aware"] = "least_loaded",
    token_budget: int = 2048,
    max_sequences: int = 256,
    prefix_cache: bool = True,
    first_clients: Annotated[list[str] | None, Parameter(negative="")] = None,
    prefill_replicas: int = 0,
    max_replicas: int | None = None,
    start_up_s: float = 120.0,
    mtbf_h: float | None = None,
    slo_ttft_ms: float | None = None,
    slo_itl_ms: float | None = None,
    slo_e2e_ms: float | None = None,
    interval: bool = True,
    catalogue: Annotated[Path | None, Parameter(name="--catalogue")] = None,
    params: Path | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Simulate a continuous-batching server under a trace; every figure is predicted.

    Args:
        trace: requests in any format that `acceltrial trace` reads.
        model: name or alias from the catalogue.
        accelerator: name or alias from the catalogue.
        count: accelerators of one replica (tensor parallel).
        precision: of the weights.
        replicas: behind the router.
        rate_scale: 2 lets the trace arrive twice as fast.
        seed: of failures, and of traces that hold distributions.
        router: how a request finds its replica.
        token_budget: tokens that one step computes at most.
        max_sequences: requests that one replica runs together.
        prefix_cache: reuse what earlier requests of a session left in memory.
        first_clients: clients whose requests go before all others.
        prefill_replicas: of the replicas, those that only read prompts.
        max_replicas: add replicas with the load up to this number.
        start_up_s: seconds until a new or repaired replica serves.
        mtbf_h: hours between failures of a replica.
        slo_ttft_ms: a good answer's first token comes within it.
        slo_itl_ms: 95 % of a good answer's gaps between tokens stay within it.
        slo_e2e_ms: a good answer is whole within it.
        interval: also simulate with step times at both ends of their 80 % interval.
        catalogue: the catalogue's folder; else data/catalogue of this folder or one above.
        params: parameters of `acceltrial fit`; else those that ship with the library.
        as_json: write the figures as JSON to stdout.
    """
    from acceltrial.catalog import load_catalogue
    from acceltrial.catalog.location import find_catalogue
    from acceltrial.predict.parameters import load_parameters
    from acceltrial.simulate.fitted import cache_tokens
    from acceltrial.simulate.load import load_of
    from acceltrial.traces import open_trace

    fitted, known = load_parameters(params), load_catalogue(find_catalogue(catalogue))
    case = _case(known, model, accelerator, count, precision)
    _check_targets({"slo-ttft-ms": slo_ttft_ms, "slo-itl-ms": slo_itl_ms, "slo-e2e-ms": slo_e2e_ms})
    room = cache_tokens(case)
    server = _server(
        case,
        cache_tokens=room,
        replicas=replicas,
        router=router,
        token_budget=token_budget,
        max_sequences=max_sequences,
        prefix_cache=prefix_cache,
        prefill_replicas=prefill_replicas,
        max_replicas=max_replicas,
        start_up_s=start_up_s,
        repair_s=start_up_s,
        mtbf_s=None if mtbf_h is None else mtbf_h * 3600.0,
    )
    load = load_of(
        open_trace(trace, seed=seed), rate_scale=rate_scale, first_clients=tuple(first_clients or ())
    )
    from acceltrial.simulate.summary import Targets

    targets = Targets(slo_ttft_ms, slo_itl_ms, slo_e2e_ms)
    result = _figures(case, load, server, targets, fitted, seed=seed, interval=interval)
    result["cost"] = _cost(known, case, result)
    result |= {"accelerator": case.device.accelerator, "model": case.shape.model, "count": count}
    result |= {"precision": precision, "replicas": replicas, "rate_scale": rate_scale, "seed": seed}
    result |= {"grade": "predicted", "predictor": fitted.source, "cache_tokens_per_replica": room}
    if as_json:
        options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
        sys.stdout.buffer.write(orjson.dumps(result, option=options) + b"\n")
    else:
        _say(result)


def _case(known: Catalogue, model: str, accelerator: str, count: int, precision: str) -> ServingCase:
    from acceltrial.errors import ConfigurationError
    from acceltrial.predict.case import ServingCase
    from acceltrial.predict.device import Device
    from acceltrial.predict.rows import MAX_COUNT
    from acceltrial.predict.shape import BYTES_PER_PARAMETER, ModelShape

    if not 1 <= count <= MAX_COUNT:
        raise ConfigurationError(
            f"count must be from 1 to {MAX_COUNT}, not {count}", where="--count", remedy="correct it"
        )
    if precision not in BYTES_PER_PARAMETER:
        raise ConfigurationError(
            f"precision {precision[:40]!r} is not known",
            where="--precision",
            remedy=f"known: {', '.join(BYTES_PER_PARAMETER)}",
        )
    device, shape = Device.from_row(known.accelerator(accelerator)), ModelShape.from_row(known.model(model))
    return ServingCase(device, shape, count, precision, precision, "closed_loop", 512.0, 128.0, 16.0)


def _check_targets(targets: dict[str, float | None]) -> None:
    from acceltrial.errors import ConfigurationError

    for name, limit in targets.items():
        if limit is not None and not 0 < limit < 1e12:
            raise ConfigurationError(
                f"a target must be above zero and finite, not {limit}", where=f"--{name}", remedy="correct it"
            )


def _server(case: ServingCase, **settings: Any) -> Server:
    from acceltrial.predict.physics import DEFAULT_LINK_GB_S
    from acceltrial.simulate import Server

    per_token = case.shape.kv_gb_per_token() or 0.0
    link = (case.device.interconnect_gb_s or DEFAULT_LINK_GB_S) / 2.0
    return Server(
        transfer_s_per_token=per_token / link, longest=case.shape.context_window or 1 << 30, **settings
    )


def _figures(
    case: ServingCase,
    load: Load,
    server: Server,
    targets: Targets,
    fitted: Parameters,
    *,
    seed: int,
    interval: bool,
) -> dict[str, Any]:
    """The summary, with `low` and `high` from step times at the ends of their interval."""
    from acceltrial.predict.case import ServingCase
    from acceltrial.simulate import simulate as run
    from acceltrial.simulate.fitted import slower, spread, step_times
    from acceltrial.simulate.summary import summarise

    if len(load):
        means = float(load.inputs.mean()), float(load.outputs.mean())
        case = ServingCase(
            case.device, case.shape, case.count, case.precision, case.compute, case.scenario, *means, 16.0
        )
    steps = step_times(case, fitted)
    result = summarise(run(load, steps, server, seed=seed), targets)
    if not interval:
        return result | {"interval": None, "interval_reason": "not asked for"}
    factor = spread(case, fitted)
    result["interval"] = {"level": 0.8, "step_time_factor": factor}
    for name, own in (("fast", 1.0 / factor), ("slow", factor)):
        other = summarise(run(load, slower(steps, own), server, seed=seed), targets)
        result["interval"][name] = {metric: other[metric] for metric in _BANDED}
    return result


def _cost(known: Catalogue, case: ServingCase, result: dict[str, Any]) -> dict[str, Any]:
    """Dollars over the simulated span at the cheapest on-demand offer; without an offer the reason."""
    import polars as pl

    offers = known.prices.filter(
        (pl.col("accelerator") == case.device.accelerator) & (pl.col("model") == "on_demand")
    ).sort("usd_per_accelerator_hour", "price")
    if offers.is_empty():
        return {"usd": None, "reason": f"no on-demand offer for {case.device.accelerator}"}
    offer = offers.row(0, named=True)
    usd = offer["usd_per_accelerator_hour"] * case.count * result["replica_hours"]
    done = result["completed"]
    return {
        "usd": usd,
        "usd_per_1k_requests": usd / done * 1e3 if done else None,
        "offer": offer["price"],
        "offer_as_of": str(offer["as_of"]),
        "source": offer["source"],
        "reason": "" if done else "no request was completed",
    }


def _say(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(stderr=True, highlight=False)
    table = Table("predicted", "mean", "p50", "p95", "p99")
    for metric in ("ttft_ms", "itl_ms", "request_itl_p99_ms", "e2e_ms"):
        table.add_row(metric, *(_number(result[metric][name]) for name in ("mean", "p50", "p95", "p99")))
    console.print(table)
    for name in (
        "completed", "rejected", "goodput_rps", "slo_attainment", "output_tokens_per_s", "utilisation",
        "mean_batch", "kv_used_mean", "kv_used_peak", "preemptions", "retries_after_failure",
        "prefix_hit_share", "replica_hours", "simulated_requests_per_s",
    ):  # fmt: skip
        console.print(f"{name:<26} {_number(result[name])}", markup=False)
    cost = result["cost"]
    paid = f"{cost['usd']:.4g} USD ({cost['offer']})" if cost["usd"] is not None else cost["reason"]
    console.print(f"{'cost':<26} {paid}", markup=False)
    if result["interval"]:
        factor = result["interval"]["step_time_factor"]
        console.print(f"80 % interval: step times {factor:.2f} times either way; --json has both ends")
    console.print(result["predictor"], style="dim", markup=False)


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"
