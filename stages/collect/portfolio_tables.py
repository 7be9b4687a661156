"""The portfolio as tables: one row a workload, model and target."""

from __future__ import annotations

from typing import Any

import orjson
import polars as pl

from acceltrial.catalog import Catalogue
from acceltrial.portfolio import Portfolio
from acceltrial.portfolio.model import Model
from acceltrial.portfolio.target import Target, launch_settings
from acceltrial.portfolio.workload import Workload
from schemas.base import table_of
from schemas.inputs import Models, Targets, Workloads


def workloads_table(portfolio: Portfolio) -> pl.DataFrame:
    """Workloads, in the order of their names."""
    return table_of(Workloads, [_workload(item) for item in sorted(portfolio.workloads, key=lambda w: w.id)])


def models_table(portfolio: Portfolio) -> pl.DataFrame:
    """Models that a workload or target names, in the order of their names."""
    used = {w.model for w in portfolio.workloads} | {t.model for t in portfolio.targets}
    models = sorted((model for model in portfolio.models if model.id in used), key=lambda m: m.id)
    return table_of(Models, [_model(model) for model in models])


def targets_table(portfolio: Portfolio, catalogue: Catalogue) -> pl.DataFrame:
    """Targets, in the order of their names; `launch` names environment variables, never their contents.

    An accelerator becomes its catalogue id, whatever name it is given by; one that the catalogue does
    not know is left empty, and `findings` says so.
    """
    rows = [_target(item, catalogue) for item in sorted(portfolio.targets, key=lambda t: t.id)]
    return table_of(Targets, rows)


def _workload(item: Workload) -> dict[str, Any]:
    training = item.training
    return {
        "workload": item.id,
        "title": item.title,
        "owner": item.owner,
        "kind": item.kind,
        "phase": item.phase,
        "business_action": item.business.action,
        "action_value_usd": item.business.value,
        "actions_per_month": item.business.actions_per_month,
        "requests_per_action": item.business.requests_per_action,
        "success_definition": item.business.success,
        "success_rate_floor": item.business.success_rate_floor,
        "declared_criticality": item.criticality,
        "declared_shape": item.shape,
        "declared_stability": item.stability,
        "model_changes_per_year": item.model_changes_per_year,
        "declared_biggest_cost": item.biggest_cost,
        "declared_biggest_pain": item.biggest_pain,
        "streaming": item.streaming,
        "slo_ttft_ms": item.latency.first_token,
        "slo_tpot_ms": item.latency.per_token,
        "slo_e2e_ms": item.latency.end_to_end,
        "slo_percentile": item.latency.percentile,
        "deadline_h": item.latency.deadline,
        "sensitivity": item.sensitivity,
        "residency": item.residency,
        "always_on": item.always_on,
        "event_driven": item.event_driven,
        "power_budget_w": item.power_budget,
        "context_tokens": item.context_tokens,
        "model": item.model,
        "trace": item.trace,
        "training_steps_per_run": training.steps_per_run if training else None,
        "training_batch_size": training.batch_size if training else None,
        "training_sequence_tokens": training.sequence_tokens if training else None,
    }


def _model(item: Model) -> dict[str, Any]:
    row = item.model_dump(exclude={"id", "note"})
    source = f"{item.source}; {item.note}" if item.note else item.source
    return {
        **row,
        "model": item.id,
        "active_params_b": item.active_params_b or item.params_b,
        "source": source,
    }


def _target(item: Target, catalogue: Catalogue) -> dict[str, Any]:
    plain = ("title", "device", "model", "precision", "api", "environment", "region", "residency")
    price = item.price
    return {
        **{name: getattr(item, name) for name in plain},
        "target": item.id,
        "accelerator": catalogue.accelerator_names.find(item.accelerator) if item.accelerator else None,
        "kind": getattr(item, "kind", ""),
        "price_usd_hr": price.amount if price else None,
        "price_source": price.source if price else None,
        "price_as_of": price.as_of if price else None,
        "price_grade": price.grade if price else None,
        "enabled": item.enabled,
        "launch": orjson.dumps(launch_settings(item), option=orjson.OPT_SORT_KEYS).decode(),
    }
