"""Applying a rule set: every verdict kept, an error counted as denial, conflicts told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from acceltrial.policy.rules import Rule, RuleSet

Outcome = Literal["deny", "prefer", "warn", "pass", "error"]
Values = Mapping[str, Mapping[str, Any]]


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


@dataclass
class Judge:
    """Applies a rule set to many cases.

    A rule's verdict depends only on the fields that it reads, so it is kept by their values: cases
    that look alike to a rule cost one evaluation.
    """

    rules: RuleSet
    _known: dict[tuple[Any, ...], Verdict] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._reads = [sorted(rule.expression.reads) for rule in self.rules.rules]

    def judge(self, values: Values) -> Judgement:
        """The verdict of every rule on the case, in the order of the file."""
        return Judgement(
            tuple(self._verdict(index, rule, values) for index, rule in enumerate(self.rules.rules))
        )

    def _verdict(self, index: int, rule: Rule, values: Values) -> Verdict:
        reads = self._reads[index]
        key = (index, *[_hashable(values.get(name, {}).get(part)) for name, part in reads])
        verdict = self._known.get(key)
        if verdict is None:
            verdict = self._known[key] = _evaluate(rule, reads, values)
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
    """Rules that apply in none of the rule set's own tests, so that nothing shows that they work."""
    shown = {rule for case in rules.cases for rule in case.applies}
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
