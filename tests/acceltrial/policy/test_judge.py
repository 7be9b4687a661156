from __future__ import annotations

from acceltrial.policy.expression import compile_expression
from acceltrial.policy.judge import Judge, run_cases, untested
from acceltrial.policy.rules import Rule, RuleCase, RuleSet

FIELDS = {"w": frozenset({"a", "n"})}


def rules(*given: tuple[str, str, str], cases: tuple[RuleCase, ...] = ()) -> RuleSet:
    built = tuple(Rule(i, s, compile_expression(w, FIELDS, where=i), "why") for i, s, w in given)  # type: ignore[arg-type]
    return RuleSet(1, built, cases, "test")


def test_an_error_denies_and_says_so() -> None:
    judgement = Judge(rules(("r", "prefer", "w.n > 1"))).judge({"w": {"a": "x"}})
    assert not judgement.allowed
    assert judgement.verdicts[0].outcome == "error"
    assert "so it denies" in judgement.verdicts[0].detail


def test_every_rule_has_a_verdict_and_conflicts_are_told() -> None:
    judge = Judge(rules(("d", "deny", "w.n > 1"), ("p", "prefer", "w.a == 'x'"), ("w", "warn", "w.n > 5")))
    judgement = judge.judge({"w": {"a": "x", "n": 2}})
    assert [v.outcome for v in judgement.verdicts] == ["deny", "prefer", "pass"]
    assert judgement.conflict == "p would have it, d forbids it: forbidden"
    assert judge.judge({"w": {"a": "x", "n": 1}}).conflict == ""


def test_verdicts_are_remembered_by_what_a_rule_reads() -> None:
    judge = Judge(rules(("d", "deny", "w.n > 1")))
    assert not judge.judge({"w": {"a": "x", "n": 2}}).allowed
    assert judge.judge({"w": {"a": "x", "n": 1}}).allowed
    assert judge.judge({"w": {"a": "y", "n": 1}}).allowed
    # 1 and True are equal in Python, not in CEL: they must not share a memory.
    assert judge.judge({"w": {"n": True}}).verdicts[0].outcome == "error"
    assert judge.judge({"w": {"n": 1}}).allowed


def test_rule_tests_report_what_differs() -> None:
    case = RuleCase(name="t", given={"w": {"n": 5}}, applies=[])
    assert run_cases(rules(("d", "deny", "w.n > 1"), cases=(case,))) == ["t: expected [], got ['d']"]


def test_a_rule_that_only_ever_fails_is_not_shown_to_work() -> None:
    case = RuleCase(name="t", given={"w": {"n": 3}}, applies=["d"])
    assert untested(rules(("d", "deny", "w.n + 1"), cases=(case,))) == ["d"]
    assert untested(rules(("d", "deny", "w.n > 1"), cases=(case,))) == []
