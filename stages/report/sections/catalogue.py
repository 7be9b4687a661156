"""The classes of accelerator: what each is for, and how it fared in this portfolio."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import yaml

from stages.report.blocks import Cell, DataTable, Material, Section, Text
from stages.report.formatting import count, money, plural, quantity
from stages.report.lookup import CLASS_TITLES
from stages.report.shown import Shown, unknown

GENERAL_KNOWLEDGE = "general knowledge"
"""A fact with this source was published by nobody we could name."""
_TEXTS = Path(__file__).parents[1] / "accelerator_classes.yaml"


def build(material: Material) -> Section:
    """One row a class, judgement beside this portfolio's own counts."""
    tables = material.tables
    texts = yaml.safe_load(_TEXTS.read_text(encoding="utf-8"))
    devices = dict(tables["accelerators"].group_by("accelerator_class").len().iter_rows())
    feasible = tables["candidates"].filter(pl.col("feasible"))
    served = dict(feasible.group_by("accelerator_class").agg(pl.col("workload").n_unique()).iter_rows())
    chosen: dict[str, int] = {}
    classes = {
        (r["workload"], r["option"]): r["accelerator_class"]
        for r in tables["candidates"].iter_rows(named=True)
    }
    for decision in tables["decisions"].iter_rows(named=True):
        class_ = classes.get((decision["workload"], decision["option"]))
        if class_:
            chosen[class_] = chosen.get(class_, 0) + 1
    rows: list[list[Cell]] = [
        [
            CLASS_TITLES[name],
            count(devices.get(name, 0)),
            count(served.get(name, 0)),
            count(chosen.get(name, 0)),
            text["best_fit"],
            text["strengths"],
            text["risks"],
            text["question"],
        ]
        for name, text in texts.items()
    ]
    facts = tables["accelerator_facts"].height
    sources = tables["accelerator_facts"]["source"].n_unique() if facts else 0
    note = (
        f"The catalogue holds {plural(tables['accelerators'].height, 'accelerator')} with "
        f"{plural(facts, 'fact')} from {plural(sources, 'source')} and "
        f"{plural(tables['prices'].height, 'price')}."
    )
    columns = (
        "Class",
        "Devices",
        "Workloads it fits",
        "Recommended for",
        "Best fit",
        "Strengths",
        "Risks",
        "Question",
    )
    table = DataTable("Classes of accelerator", columns, rows, right=frozenset({1, 2, 3}), note=note)
    lead = (
        "Best fit, strengths, risks and question are general judgement; the counts are this portfolio's own."
    )
    return Section("catalogue", "Accelerator classes", "Appendix", lead, [table, *_devices(material)])


def _devices(material: Material) -> list[object]:
    tables = material.tables
    if tables["accelerators"].is_empty():
        return [Text("The catalogue is empty.", "empty")]
    price = {
        row["accelerator"]: row
        for row in tables["prices"].sort("usd_per_accelerator_hour", descending=True).iter_rows(named=True)
    }
    facts = {(r["accelerator"], r["field"]): r for r in tables["accelerator_facts"].iter_rows(named=True)}
    lines: list[list[Cell]] = []
    order = list(CLASS_TITLES)
    for row in sorted(
        tables["accelerators"].iter_rows(named=True),
        key=lambda r: (order.index(r["accelerator_class"]), r["vendor"], r["accelerator"]),
    ):
        offer = price.get(row["accelerator"])
        lines.append(
            [
                row["name"],
                row["accelerator"],
                CLASS_TITLES[row["accelerator_class"]],
                row["vendor"],
                *(
                    _fact(row[name], unit, facts.get((row["accelerator"], name)))
                    for name, unit in (("memory_gb", "GB"), ("memory_bw_gb_s", "GB/s"), ("tdp_w", "W"))
                ),
                _price(offer),
            ]
        )
    columns = ("Name", "Id", "Class", "Vendor", "Memory", "Bandwidth", "Power", "Lowest price an hour")
    caption = f"The catalogue: {plural(len(lines), 'accelerator')}"
    return [DataTable(caption, columns, lines, right=frozenset({4, 5, 6, 7}), folded=True)]


def _fact(value: float | None, unit: str, fact: dict[str, Any] | None) -> Cell:
    if value is None:
        return unknown("the catalogue has no source for it")
    if fact is None:
        return quantity(value, unit)
    why = f"{fact['source']}; {fact['as_of']}; confidence {fact['confidence']}"
    published = fact["source"] != GENERAL_KNOWLEDGE
    return Shown(quantity(value, unit), grade="published" if published else "declared", why=why)


def _price(offer: dict[str, Any] | None) -> Cell:
    if offer is None:
        return unknown("no price on record")
    why = f"{offer['provider']}, {offer['region']}, {offer['model']}; {offer['source']}; {offer['as_of']}"
    return Shown(money(offer["usd_per_accelerator_hour"]), grade=str(offer["grade"]), why=why)
