"""`acceltrial simulate`: a trace against a server that nobody here has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from acceltrial.cli.json_output import print_json
from acceltrial.cli.simulate_flags import Fleet, Named, Wanted

if TYPE_CHECKING:
    from acceltrial.catalog import Catalogue
    from acceltrial.predict.case import ServingCase
    from acceltrial.simulate import Load
    from acceltrial.simulate.subject import Subject


def simulate(
    *,
    trace: Path,
    named: Named | None = None,
    fleet: Fleet | None = None,
    wanted: Wanted | None = None,
    rate_scale: float = 1.0,
    seed: int = 0,
    first_clients: Annotated[list[str] | None, Parameter(negative="")] = None,
    interval: bool = True,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Simulate a continuous-batching server under a trace; every figure is predicted.

    Args:
        trace: requests in any format that `acceltrial trace` reads.
        named: what serves the trace.
        fleet: how many replicas there are and how each works.
        wanted: what makes an answer a good one.
        rate_scale: 2 lets the trace arrive twice as fast.
        seed: of failures, and of traces that hold distributions.
        first_clients: clients whose requests go before all others.
        interval: also simulate with step times at both ends of their 80 % interval.
        as_json: write the figures as JSON to stdout.
    """
    from acceltrial.simulate.load import load_of
    from acceltrial.traces import open_trace

    named, fleet, wanted = named or Named(), fleet or Fleet(), wanted or Wanted()
    _check_seed(seed)
    targets = wanted.targets()
    chosen = _Chosen(named)
    load = load_of(
        open_trace(trace, seed=seed), rate_scale=rate_scale, first_clients=tuple(first_clients or ())
    )
    subject = chosen.subject(load)
    server = subject.server(**fleet.settings())
    result = subject.figures(load, server, targets, seed=seed, interval=interval)
    result["cost"] = chosen.cost(result)
    result |= chosen.names()
    result |= {"replicas": fleet.replicas, "rate_scale": rate_scale, "seed": seed}
    result |= {"grade": "predicted", "predictor": subject.source}
    result |= {"cache_tokens_per_replica": server.cache_tokens}
    if as_json:
        print_json(result, sort_keys=True)
    else:
        _say(result)


class _Chosen:
    """What the command line names: a case of the catalogue, a calibrated server, or both."""

    def __init__(self, named: Named) -> None:
        from acceltrial.errors import ConfigurationError

        if named.calibration is None and (named.model is None or named.accelerator is None):
            raise ConfigurationError(
                "what serves the trace is not known",
                where="acceltrial simulate",
                remedy="give --model and --accelerator, or --calibration",
            )
        self._params = named.params
        self._known: Catalogue | None = None
        self._case: ServingCase | None = None
        if named.model is not None and named.accelerator is not None:
            from acceltrial.catalog import load_catalogue
            from acceltrial.catalog.location import find_catalogue

            self._known = load_catalogue(find_catalogue(named.catalogue))
            self._case = _case(self._known, named.model, named.accelerator, named.count, named.precision)
        self._calibrated = None
        if named.calibration is not None:
            from acceltrial.simulate.calibrated import read_calibrated

            self._calibrated = read_calibrated(named.calibration)

    def subject(self, load: Load) -> Subject:
        """The calibrated server where there is one, else what the step-time model tells."""
        from acceltrial.predict.parameters import load_parameters
        from acceltrial.simulate.subject import calibrated_subject, fitted_subject

        if self._calibrated is not None:
            return calibrated_subject(self._calibrated)
        assert self._case is not None
        return fitted_subject(self._case, load, load_parameters(self._params))

    def cost(self, result: dict[str, Any]) -> dict[str, Any]:
        """Dollars over the span, or why there are none."""
        if self._known is None or self._case is None:
            return {
                "usd": None,
                "reason": "no price without --model and --accelerator",
            }
        return _cost(self._known, self._case, result)

    def names(self) -> dict[str, Any]:
        """Model, accelerator, count and precision; None where only a calibrated server is known."""
        if self._case is None:
            own = self._calibrated.model if self._calibrated else None
            return {"model": own, "accelerator": None, "count": None, "precision": None}
        return {
            "model": self._case.shape.model,
            "accelerator": self._case.device.accelerator,
            "count": self._case.count,
            "precision": self._case.precision,
        }


def _case(
    known: Catalogue, model: str, accelerator: str, count: int | None, precision: str | None
) -> ServingCase:
    from acceltrial.errors import ConfigurationError
    from acceltrial.predict.case import ServingCase
    from acceltrial.predict.names import Names
    from acceltrial.predict.refusal import RefusedError
    from acceltrial.predict.rows import MAX_COUNT, precisions

    names = Names(known)
    try:
        device, spelling = names.device(accelerator)
        shape = names.model(model, None).shape
        weights, compute, _ = precisions(precision or "", model, "closed_loop", device, shape)
    except RefusedError as refusal:
        what, _, remedy = str(refusal).partition("; ")
        raise ConfigurationError(
            what, where="acceltrial simulate", remedy=remedy or "correct it"
        ) from refusal
    devices = count if count is not None else spelling.count or 1
    if not 1 <= devices <= MAX_COUNT:
        raise ConfigurationError(
            f"count must be from 1 to {MAX_COUNT}, not {devices}", where="--count", remedy="correct it"
        )
    if spelling.binding and spelling.count not in {None, devices}:
        raise ConfigurationError(
            f"count {devices} contradicts the {spelling.count} of the accelerator's name",
            where="--count",
            remedy="give one of the two",
        )
    return ServingCase(device, shape, devices, weights, compute, "closed_loop", 512.0, 128.0, 16.0)


def _check_seed(seed: int) -> None:
    from acceltrial.errors import ConfigurationError

    if not 0 <= seed < 1 << 63:
        raise ConfigurationError(
            f"the seed must be from 0 to 2^63, not {seed}", where="--seed", remedy="take a smaller one"
        )


def _cost(known: Catalogue, case: ServingCase, result: dict[str, Any]) -> dict[str, Any]:
    """Dollars over the simulated span at the cheapest on-demand offer; without an offer the reason."""
    import polars as pl

    offers = known.prices.filter(
        (pl.col("accelerator") == case.device.accelerator) & (pl.col("model") == "on_demand")
    ).sort("usd_per_accelerator_hour", "price")
    if offers.is_empty():
        return {"usd": None, "reason": f"no on-demand offer for {case.device.accelerator}"}
    offer = offers.row(0, named=True)
    an_hour = offer["usd_per_accelerator_hour"] * case.count
    usd = an_hour * result["replica_hours"]
    ends = (
        [result["interval"][end]["replica_hours"] for end in ("fast", "slow")] if result["interval"] else []
    )
    done = result["completed"]
    return {
        "usd": usd,
        "usd_low": an_hour * min(ends) if ends else None,
        "usd_high": an_hour * max(ends) if ends else None,
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
