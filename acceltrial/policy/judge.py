"""Applying a rule set: every verdict kept, an error counted as denial, conflicts told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from acceltrial.policy.compiled import Program, specialise
from acceltrial.policy.rules import Rule, RuleSet

Outcome = Literal["deny", "prefer", "warn", "pass", "error"]
Values = Mapping[str, Mapping[str, Any]]
_KEPT: Final = 100_000
"""Interpreted verdicts of one rule that are kept."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule said: its severity when it applies, `pass` when not, `error` when it failed."""

    rule: str
    outcome: Outcome
    detail: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """All verdicts on one case. `error` denies as `deny` does: what cannot be judged is not allowed."""

    verdicts: tuple[Verdict, ...]

    @property
    def denials(self) -> list[Verdict]:
        """The verdicts that forbid the case."""
        return [verdict for verdict in self.verdicts if verdict.outcome in ("deny", "error")]

    @property
    def preferences(self) -> list[Verdict]:
        """The verdicts that favour the case."""
        return [verdict for verdict in self.verdicts if verdict.outcome == "prefer"]

    @property
    def allowed(self) -> bool:
        """Whether no rule forbids the case."""
        return not self.denials

    @property
    def conflict(self) -> str:
        """The rules that pull both ways on the case, or an empty text."""
        if not (self.denials and self.preferences):
            return ""
        wanted = ", ".join(v.rule for v in self.preferences)
        return f"{wanted} would have it, {', '.join(v.rule for v in self.denials)} forbids it: forbidden"


class Judge:
    """Applies a rule set to many cases."""

    def __init__(self, rules: RuleSet) -> None:
        self.rules = rules
        self._said = [_Applied(rule).verdict for rule in rules.rules]

    def judge(self, values: Values) -> Judgement:
        """The verdict of every rule on the case, in the order of the file."""
        return Judgement(tuple([said(values) for said in self._said]))


class _Applied:
    """One rule on case after case.

    Where the types of the fields allow it, the rule is a Python function; else the CEL library evaluates
    it, and since a verdict depends only on the fields that the rule reads, it is kept by their values.
    """

    def __init__(self, rule: Rule) -> None:
        self._rule, self._reads = rule, sorted(rule.expression.reads)
        self._pass = Verdict(rule.id, "pass", "")
        self._applies = Verdict(rule.id, rule.severity, rule.reason)
        self._programs: dict[tuple[type, ...], Program | None] = {}
        self._known: dict[tuple[Any, ...], Verdict] = {}

    def verdict(self, values: Values) -> Verdict:
        """What the rule says of the case."""
        try:
            given = [values[name][part] for name, part in self._reads]
        except KeyError:
            return _evaluate(self._rule, self._reads, values)
        types = tuple(map(type, given))
        try:
            program = self._programs[types]
        except KeyError:
            program = self._programs[types] = specialise(self._rule.expression.text, self._reads, types)
        answer = program(*given) if program is not None else None
        if answer is None:
            return self._interpreted(given, values)
        return self._applies if answer else self._pass

    def _interpreted(self, given: list[Any], values: Values) -> Verdict:
        key = tuple(map(_hashable, given))
        verdict = self._known.get(key)
        if verdict is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            verdict = self._known[key] = _evaluate(self._rule, self._reads, values)
        return verdict


def run_cases(rules: RuleSet) -> list[str]:
    """What fails of the rule set's own tests, one line each; empty when all pass."""
    judge = Judge(rules)
    failures = []
    for case in rules.cases:
        applied = {v.rule for v in judge.judge(case.given).verdicts if v.outcome != "pass"}
        if applied != set(case.applies):
            failures.append(f"{case.name}: expected {sorted(case.applies)}, got {sorted(applied)}")
    return failures


def untested(rules: RuleSet) -> list[str]:
    """Rules that none of the rule set's own tests shows to work: expects to apply, and sees apply.

    A rule that fails denies too, but that shows nothing: it must hold without an error.
    """
    judge = Judge(rules)
    shown = {
        verdict.rule
        for case in rules.cases
        for verdict in judge.judge(case.given).verdicts
        if verdict.outcome not in ("pass", "error") and verdict.rule in case.applies
    }
    return [rule.id for rule in rules.rules if rule.id not in shown]


def conflicts_of(rules: RuleSet) -> list[str]:
    """The tests in which one rule prefers what another forbids, one line each; the prohibition wins."""
    judge = Judge(rules)
    told = ((case.name, judge.judge(case.given).conflict) for case in rules.cases)
    return [f"{name}: {conflict}" for name, conflict in told if conflict]


def _evaluate(rule: Rule, reads: list[tuple[str, str]], values: Values) -> Verdict:
    given: dict[str, dict[str, Any]] = {}
    for name, part in reads:
        fields = given.setdefault(name, {})
        if part in values.get(name, {}):
            fields[part] = values[name][part]
    try:
        applies = rule.expression.holds(given)
    except ValueError as error:
        return Verdict(rule.id, "error", f"could not be evaluated, so it denies: {error}")
    return Verdict(rule.id, rule.severity if applies else "pass", rule.reason if applies else "")


def _hashable(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return (type(value).__name__, value)
