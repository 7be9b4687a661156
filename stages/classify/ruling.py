"""One decided attribute of a workload, with the rule and the evidence that gave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ruling:
    """A row of ClassEvidence before it has a workload.

    Attributes:
        declared: what the owner says; None when nothing is said.
        observed: what the rules find; None when they find nothing.
        decided: what counts.
        rule: the rule's id, `attribute.reason`.
        evidence: what the rule saw, with figures.
        note: what a reader should do about a disagreement; empty for the usual advice.
        kin: the two differ in word only and count as agreeing.
    """

    attribute: str
    declared: str | None
    observed: str | None
    decided: str
    rule: str
    evidence: str
    note: str = ""
    kin: bool = False

    @property
    def agreement(self) -> str:
        """How declaration and observation stand to each other."""
        if self.declared is None and self.observed is None:
            return "default"
        if self.observed is None:
            return "declared_only"
        if self.declared is None:
            return "observed_only"
        return "agree" if self.kin or self.declared == self.observed else "disagree"

    def row(self, workload: str) -> dict[str, Any]:
        """The row of ClassEvidence."""
        return {
            "workload": workload,
            "attribute": self.attribute,
            "declared": self.declared,
            "observed": self.observed,
            "decided": self.decided,
            "agreement": self.agreement,
            "rule": self.rule,
            "evidence": self.evidence,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule found: the class, the rule's id, and what it saw."""

    value: str
    rule: str
    evidence: str
