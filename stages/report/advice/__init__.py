"""The questions every team asks, answered from this evaluation's own rows.

Pure: tables in, answers with their reasons and figures out. A figure names the rows that it comes from; a sum
names all of them. Where the tables do not hold an answer, the answer says so.
"""

from __future__ import annotations

from stages.report.advice.answer import Advice, Figure
from stages.report.advice.benchmark import trusted_benchmark
from stages.report.advice.choice import choice_of
from stages.report.advice.hardware import hybrid, start_with
from stages.report.advice.neuromorphic import neuromorphic
from stages.report.advice.spending import first_phase
from stages.report.tables import Tables

__all__ = ["Advice", "Figure", "advise"]


def advise(tables: Tables) -> list[Advice]:
    """The five answers, in a fixed order."""
    choices = [choice for workload in tables.workloads if (choice := choice_of(tables, workload))]
    return [
        start_with(tables, choices),
        trusted_benchmark(tables),
        hybrid(choices),
        neuromorphic(tables),
        first_phase(choices),
    ]
