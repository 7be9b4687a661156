"""The first screen: what was decided, on what evidence, what it costs, and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stages.report.blocks import Link, Material, Section, workload_link
from stages.report.formatting import count, percent, plural
from stages.report.sections.answers import FRAGILE_P_BEST, Answer, answers
from stages.report.sections.evidence_shares import Shares, mean_shares


@dataclass(frozen=True, slots=True)
class Fact:
    """A large figure with its label."""

    value: str
    label: str
    href: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do, with the workloads that it concerns."""

    text: str
    links: Sequence[Link]


@dataclass(frozen=True, slots=True)
class Headline:
    """The sentence, the bar of evidence, the answers, the list of next actions and some counts."""

    sentence: str
    shares: Shares
    shares_note: str
    answers: Sequence[Answer]
    actions: Sequence[Action]
    facts: Sequence[Fact]


def build(material: Material) -> Section:
    """The opening section."""
    tables = material.tables
    decisions = tables["decisions"].to_dicts()
    recommended = [row for row in decisions if row["status"] == "recommended"]
    shares = mean_shares(recommended)
    headline = Headline(
        sentence=_sentence(material, recommended),
        shares=shares,
        shares_note=(
            "Mean over the recommended options, every workload counted once."
            if recommended
            else "There is no recommendation yet, so there is no evidence to share out."
        ),
        answers=answers(material, recommended),
        actions=_actions(material, recommended),
        facts=_facts(material),
    )
    return Section("summary", "Summary", "Decide", "", [headline])


def _sentence(material: Material, recommended: Sequence[dict[str, Any]]) -> str:
    total = len(material.tables.workloads)
    if not total:
        return "The portfolio holds no workload, so nothing was decided."
    decided = len(recommended)
    measured = sum(1 for row in recommended if row["share_measured"])
    start = (
        f"All {total} workloads have a recommended option"
        if decided == total
        else f"{decided} of {plural(total, 'workload')} have a recommended option"
    )
    if not decided:
        return f"None of {plural(total, 'workload')} has a recommended option."
    rest = "none of the recommendations rests on anything measured"
    if measured:
        verb = "rests" if measured == 1 else "rest"
        rest = f"{measured} of the recommendations {verb} at least in part on measurements"
    return f"{start}; {rest}."


def _facts(material: Material) -> list[Fact]:
    tables = material.tables
    cells = Counter(tables["benchmark_cells"]["status"].to_list())
    signed = tables["sign_offs"]
    approved = signed.filter(signed["verdict"] == "approved").height
    feasible = int(tables["candidates"]["feasible"].sum())
    return [
        Fact(
            str(cells["measured"]),
            "benchmark cells measured here",
            "#measured",
            f"{cells['failed']} failed, {cells['invalid']} invalid, {cells['unavailable']} unavailable",
        ),
        Fact(
            count(tables["candidates"].height),
            f"options weighed, {count(feasible)} of them feasible",
            "#fit",
        ),
        Fact(f"{approved} / {signed.height}", "sign-offs given", "#sign-off"),
    ]


def _actions(material: Material, recommended: Sequence[dict[str, Any]]) -> list[Action]:
    tables = material.tables
    actions: list[Action] = []

    def add(text: str, workloads: Sequence[str]) -> None:
        names = list(dict.fromkeys(workloads))
        if names:
            every = len(names) > 1 and set(names) == set(tables.workloads)
            links = (
                [Link(f"all {len(names)} workloads", "#overview")]
                if every
                else [workload_link(material, name) for name in names]
            )
            actions.append(Action(text, links))

    decisions = tables["decisions"].to_dicts()
    rolled = tables["canary_verdicts"].to_dicts()
    add(
        "Look at what broke: a canary trial was rolled back",
        [r["workload"] for r in rolled if r["verdict"] == "rollback" and r["purpose"] == "trial"],
    )
    add(
        "Unblock: no option is left; the card names the rule that removes most and what lifts it",
        [r["workload"] for r in decisions if r["status"] != "recommended"],
    )
    add(
        f"Measure before committing: the winner is best in fewer than {percent(FRAGILE_P_BEST)} of draws",
        [
            r["workload"]
            for r in recommended
            if isinstance(r["p_best"], float) and r["p_best"] < FRAGILE_P_BEST
        ],
    )
    undecided = [w for w in tables.workloads if tables.row("decisions", w) is None]
    add("Decide: no decision was written", undecided)
    chosen = {(r["workload"], r["option"]) for r in recommended}
    promoted = [r for r in rolled if r["verdict"] == "promote" and r["purpose"] == "trial"]
    add(
        "Go on from the canary: promoted, roll out and keep the old path through its soak",
        [r["workload"] for r in promoted if (r["workload"], r["candidate"]) in chosen],
    )
    add(
        "Only rehearsed: the canary's candidate runs here but is not the recommended option",
        [r["workload"] for r in promoted if (r["workload"], r["candidate"]) not in chosen],
    )
    waiting = [r["workload"] for r in tables["sign_offs"].to_dicts() if r["verdict"] == "awaiting"]
    add("Sign or reject: at least one role has not answered", waiting)
    add(
        "Answer the objection: a role rejected the decision",
        [r["workload"] for r in tables["sign_offs"].to_dicts() if r["verdict"] == "rejected"],
    )
    errors = [
        r["subject"]
        for name in ("collect_findings", "classify_findings", "score_findings")
        for r in tables[name].to_dicts()
        if r["severity"] == "error" and r["subject"] in tables.workloads
    ]
    add("Correct the input: a finding of severity error stands", errors)
    return actions
