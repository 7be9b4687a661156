"""One workload's choice: every option assessed, vetoed or ranked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from acceltrial.decide.decision import role_draws
from acceltrial.decide.ranking import Stability, additive_scores, pareto, rank_stability
from acceltrial.decide.values import Floats
from acceltrial.decide.weights import central_weights
from schemas.decision import CRITERIA
from stages.score.admission import Admission, Gate
from stages.score.costing import Costing, LineDraws, cost_of, line_draws, with_draws
from stages.score.criteria import Axis, assess, axes_of, utilities_of_given, utility_draws, value_draws
from stages.score.figures import Evidence, Given
from stages.score.overrides import Applied
from stages.score.params import ScoreParams
from stages.score.service import Figures, figures_of, pooled_success, without_offer
from stages.score.supposed import Supposed
from stages.score.vetoes import Veto, infeasible, vetoes_of
from stages.score.world import Option, Workload, World


@dataclass(frozen=True, eq=False)
class Case:
    """A feasible option of a workload with all that was found out about it.

    `given` holds its raw values by criterion; it is empty for vetoed options that nobody can reach.
    """

    option: Option
    admission: Admission
    figures: Figures
    costing: Costing
    given: tuple[Given, ...]
    vetoes: list[Veto]
    new_class: bool


@dataclass(frozen=True, eq=False)
class Choice:
    """A workload's cases and their ranking.

    Attributes:
        rejected: infeasible options with the reason.
        kept: the cases without veto; scores, front, stability and `by_role` are of these.
        order: indices of `kept`, best first; equal scores (to 1e-12) in order of name.
    """

    workload: Workload
    axes: tuple[Axis, ...]
    rejected: list[tuple[Option, Veto]]
    cases: list[Case]
    kept: list[Case]
    weights: Floats
    utilities: Floats
    scores: Floats
    order: list[int]
    front: NDArray[np.bool_]
    stability: Stability
    by_role: Mapping[str, Floats]

    @property
    def winner(self) -> Case | None:
        """The recommended option's case."""
        return self.kept[self.order[0]] if self.order else None

    @property
    def runner_up(self) -> Case | None:
        """The second option's case."""
        return self.kept[self.order[1]] if len(self.order) > 1 else None

    @cached_property
    def rank_of(self) -> dict[str, int]:
        """Rank by option, 1 for the first; no two share one."""
        return {self.kept[index].option.id: place for place, index in enumerate(self.order, start=1)}


class Chooser:
    """Chooses for workload after workload with what they all share."""

    def __init__(
        self,
        world: World,
        evidence: Evidence,
        gate: Gate,
        params: ScoreParams,
        today: date,
        overrides: Applied | None = None,
        supposed: Mapping[str, Supposed] | None = None,
    ) -> None:
        self.world, self.evidence, self.gate, self.params = world, evidence, gate, params
        self.today = today
        self.overrides = overrides or Applied([], today)
        self.supposed = supposed or {}
        self.roles = {
            role: np.array([weights[name] for name in CRITERIA])
            for role, weights in sorted(params.roles.items())
        }
        self._lines: LineDraws = line_draws(params)
        self._weight_draws = role_draws(
            self.roles, params.weight_draws, params.seed, concentration=params.concentration
        )
        self._familiar = {*params.familiar_classes, *world.classes_in_use}
        self._hosts = dict(Counter(str(row["device"]) for row in world.targets))

    def choose(self, workload: Workload) -> Choice:
        """The workload's choice among its options."""
        options = self.world.options.get(workload.id, [])
        rejected = [(option, veto) for option in options if (veto := infeasible(option)) is not None]
        axes = axes_of(workload, self.params)
        cases = self.cases(workload)
        kept = [case for case in cases if not case.vetoes]
        utilities = utilities_of_given([case.given for case in kept], axes)
        weights = central_weights(self.roles)
        scores = additive_scores(utilities, weights)
        order = sorted(range(len(kept)), key=lambda i: (-round(float(scores[i]), 12), kept[i].option.id))
        samples = self._samples(workload, kept, axes)
        return Choice(
            workload=workload,
            axes=axes,
            rejected=rejected,
            cases=cases,
            kept=kept,
            weights=weights,
            utilities=utilities,
            scores=scores,
            order=order,
            front=pareto(utilities),
            stability=rank_stability(samples, self._weight_draws),
            by_role={role: additive_scores(utilities, of_role) for role, of_role in self.roles.items()},
        )

    def cases(
        self, workload: Workload, *, only: Collection[str] | None = None, drawn: bool = True
    ) -> list[Case]:
        """The workload's feasible options assessed, or those named in `only`; with draws where `drawn`."""
        feasible = [o for o in self.world.options.get(workload.id, []) if o.row["feasible"]]
        borrowed = pooled_success(self.evidence, workload, feasible)
        wanted = feasible if only is None else [option for option in feasible if option.id in only]
        return [self._case(workload, option, borrowed, drawn=drawn) for option in wanted]

    def _case(self, workload: Workload, option: Option, borrowed: Given, *, drawn: bool) -> Case:
        params = self.params
        new_class = option.accelerator_class not in self._familiar
        admission = self.gate.admit(self.world, workload, option)
        if admission.refusal and not option.is_target:
            figures = without_offer(self.evidence, workload, option, params, borrowed)
        else:
            figures = figures_of(self.evidence, workload, option, params, borrowed, self._hosts)
        if option.id in self.supposed:
            figures = self.supposed[option.id].applied(figures)
        costing = cost_of(workload, option, figures, admission, params, new_class)
        vetoes = vetoes_of(self.world, workload, option, admission, figures, costing, params, self.today)
        given: tuple[Given, ...] | None = None
        if not vetoes and drawn:
            costing = with_draws(costing, workload, option, figures, params, self._lines, new_class)
        if not vetoes or option.is_target:
            given = assess(self.world, workload, option, figures, costing, params, self.today)
            given = self.overrides.to(workload.id, option, given)
        return Case(option, admission, figures, costing, given or (), vetoes, new_class)

    def _samples(self, workload: Workload, kept: list[Case], axes: tuple[Axis, ...]) -> Floats:
        if not kept:
            return np.zeros((0, 0, len(axes)))
        raw = [value_draws(workload, case.option, case.given, case.costing, self.params) for case in kept]
        names = [case.option.id for case in kept]
        return utility_draws(workload, names, np.stack(raw, axis=1), axes, self.params)


def scores_of(
    cases: list[Case], workload: Workload, params: ScoreParams, roles: Mapping[str, Floats]
) -> list[float]:
    """The central score of each case; 0 for one that was never assessed."""
    axes = axes_of(workload, params)
    unknown = (Given(),) * len(axes)
    utilities = utilities_of_given([case.given or unknown for case in cases], axes)
    return [float(score) for score in additive_scores(utilities, central_weights(roles))]
