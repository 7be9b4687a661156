"""Carries a plan out: looks, decides, writes the intent down, acts, and checks that it happened.

Whatever ends it, traffic ends on the safe side: an orderly end restores the baseline itself; after a
kill the lever's lease does, and the next controller finds the unfinished journal and makes sure.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from acceltrial.canary.absolute import worse_than_before
from acceltrial.canary.checked import contradiction, routed_at_step
from acceltrial.canary.clock import Clock, SystemClock
from acceltrial.canary.decide import Decision, Situation, decide
from acceltrial.canary.forecast import too_thin
from acceltrial.canary.journal import Journal
from acceltrial.canary.judge import Judgement, judge
from acceltrial.canary.lever import Lever, LeverError, LeverRefusedError, LeverState
from acceltrial.canary.observations import observation_rows
from acceltrial.canary.outcome import Outcome
from acceltrial.canary.plan import CanaryPlan
from acceltrial.canary.records import Records
from acceltrial.canary.source import Source
from acceltrial.errors import DataContractError

TRIES = 3
ABORT_WITHIN_S = 1.0


class Controller:
    """One run of one plan. `run` blocks until it has ended.

    Args:
        plan: what is to happen.
        lever: moves the traffic.
        source: sees the requests.
        journal: where the record is kept; an unfinished one there is brought to a safe end first.
        holder: this controller's name at the lever.
        approve: asked before the first step; False ends the canary as aborted.
        approve_step: asked at every look that could lead to the step with this index, where the plan wants
            it; None while nobody has said.
        abort: asked at least once a second; a non-empty answer ends the canary.
    """

    def __init__(
        self,
        plan: CanaryPlan,
        lever: Lever,
        source: Source,
        journal: Path,
        *,
        holder: str,
        clock: Clock | None = None,
        approve: Callable[[CanaryPlan], bool] = lambda _plan: True,
        approve_step: Callable[[int], bool | None] = lambda _step: None,
        abort: Callable[[], str] = lambda: "",
        progress: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.plan, self.lever, self.source = plan, lever, source
        self._journal = Journal(journal, plan.canary)
        self._holder, self._clock = holder, clock or SystemClock()
        self._approve, self._approve_step = approve, approve_step
        self._abort, self._progress = abort, progress
        self._share = 0.0
        self._lost = self._refused = ""
        self._begun = 0.0
        self._began_at = self._clock.now()
        self._offset_s = 0.0
        self._looks: list[tuple[float, float]] = []

    def run(self, *, restart: bool = True) -> Outcome:
        """Carries the plan out and says how it ended.

        With an unfinished journal the baseline is restored and that is recorded first; then the plan
        starts anew, or with `restart=False` ends as aborted.

        Raises:
            BusyError: another controller runs this canary.
            DataContractError: the journal was tampered with; the baseline has been restored.
        """
        self._begun, self._began_at = self._clock.monotonic(), self._clock.now()
        try:
            with self._journal:
                if self._journal.unfinished and not self._recover(restart):
                    return self._outcome("aborted", None, "the controller before this one was killed")
                self._begun, self._began_at = self._clock.monotonic(), self._clock.now()
                try:
                    return self._carry_out()
                except BaseException as error:
                    self._panic(error)
                    raise
        except DataContractError as error:
            self._restore_quietly(error)
            raise

    def _carry_out(self) -> Outcome:
        plan = self.plan
        self._write("started", f"{plan.candidate} against {plan.baseline}, shares {list(plan.shares)}")
        thin = too_thin(plan)
        if thin:
            self._write("ended", thin, guardrail="traffic")
            return self._outcome("insufficient_traffic", None, thin)
        if not self._approve(plan):
            self._write("aborted", "not approved")
            return self._outcome("aborted", None, "not approved")
        self.source.poll()
        self._offset_s = self.source.now_s
        self._write("baseline_seen", f"{len(self.source.records())} requests before the first step")
        return self._steps()

    def _steps(self) -> Outcome:
        step = 0
        self._set_share(self.plan.shares[0], "the first step")
        step_from = self._clock.monotonic()
        lost_from: float | None = None
        hindered_from: float | None = None
        down_from: float | None = None
        while True:
            self._wait_for_look()
            state, judgement, records = self._look()
            now = self._clock.monotonic()
            soaking = self.plan.shares[step] == 1
            lost_from = _first(lost_from, now) if state is None else None
            hindered = judgement is not None and judgement.hindered and not soaking
            hindered_from = _first(hindered_from, now) if hindered else None
            down = state is not None and state.canary_up is False
            down_from = _first(down_from, now) if down else None
            since_s = self.source.now_s - (now - step_from)
            routed = routed_at_step(state, records, since_s + self.plan.judge.interval_s)
            situation = Situation(
                plan=self.plan,
                step=step,
                at_step_s=now - step_from,
                elapsed_s=now - self._begun,
                step_requests=routed[1] if routed else 0,
                judgement=None if soaking else judgement,
                lost_s=_since(lost_from, now),
                lost_why=self._lost,
                hindered_s=_since(hindered_from, now),
                lever_problem=self._refused or contradiction(state, routed, self._share),
                soak_breach=self._soak_breach(records, soaking, step_from, now),
                down_s=_since(down_from, now),
                approved=self._approved(step),
                abort=self._abort(),
            )
            decision = decide(situation)
            self._record_look(decision, judgement, soaking)
            if decision.kind == "advance":
                step += 1
                self._set_share(self.plan.shares[step], decision.reason)
                step_from = self._clock.monotonic()
            elif decision.kind != "stay":
                return self._finish(decision)

    def _wait_for_look(self) -> None:
        """Sleeps to the next look or the deadline, whichever is first; a person's abort ends it early."""
        interval = self.plan.judge.interval_s
        passed = self._elapsed()
        until = min(passed + interval - passed % interval, max(self.plan.deadline_s, passed))
        while (left := until - self._elapsed()) > 0 and not self._abort():
            self._clock.sleep(min(left, ABORT_WITHIN_S))

    def _approved(self, step: int) -> bool | None:
        last = step + 1 == len(self.plan.shares)
        return True if last or not self.plan.approve_steps else self._approve_step(step + 1)

    def _look(self) -> tuple[LeverState | None, Judgement | None, Records | None]:
        """The lever's state and the judgement; all None when lever or metrics are lost."""
        self._lost = self._refused = ""
        try:
            self.lever.renew(holder=self._holder, lease_s=self.plan.lease_s)
            state = self.lever.read()
            self.source.poll()
        except LeverRefusedError as error:  # waiting gives nothing back: the lease is gone for good
            self._refused = error.what
            return None, None, None
        except LeverError as error:
            self._lost = error.what
            return None, None, None
        records = self.source.records()
        self._looks.append((self.source.now_s, state.share))
        return state, judge(records, self.plan.judge, until_s=self.source.now_s), records

    def _soak_breach(
        self, records: Records | None, soaking: bool, step_from: float, now: float
    ) -> tuple[str, str] | None:
        if not soaking or records is None:
            return None
        since = self.source.now_s - (now - step_from)
        breach = worse_than_before(records, since, self.plan.judge, self.plan.judge.alpha)
        return breach[1:] if breach else None

    def _set_share(self, share: float, reason: str) -> None:
        """Writes the intent, acts, reads back. Raises LeverError when the lever does not follow."""
        self._write("intent_share", f"to {share:.1%}: {reason}")
        self.lever.set_share(share, holder=self._holder, lease_s=self.plan.lease_s)
        self._share = share
        found = self.lever.read().share
        self._write("share_set", f"the lever reads {found:.1%}")

    def _finish(self, decision: Decision) -> Outcome:
        if decision.kind == "settle":
            self._write("intent_settle", decision.reason)
            self.lever.settle(holder=self._holder)
            self._write("promoted", decision.reason)
            return self._outcome("promote", None, decision.reason)
        verdict = "aborted" if decision.kind == "abort" else decision.verdict or "hold"
        at_s = self._elapsed()
        name = {"rollback": "rolled_back", "abort": "aborted"}.get(decision.kind, "ended")
        if decision.kind in ("end", "abort") and self.plan.ramp_down_s:
            self._ramp_down(decision.reason)
        self._write("intent_rollback", decision.reason, guardrail=decision.guardrail)
        verified = self._restore()
        took = self._elapsed() - at_s
        self._share = 0.0
        self._write(name, f"{decision.reason}; {verified} after {took:.2f} s", guardrail=decision.guardrail)
        return self._outcome(verdict, decision.guardrail, decision.reason, at_s=at_s, rollback_s=took)

    def _ramp_down(self, reason: str) -> None:
        """Back through the earlier steps. A lever that fails on the way leaves the rest to the restoring."""
        lower = [share for share in reversed(self.plan.shares) if share < self._share]
        pause = self.plan.ramp_down_s / max(len(lower), 1)
        try:
            for share in lower:
                self._set_share(share, f"ramp down: {reason}")
                self._clock.sleep(pause)
        except LeverError as error:
            self._progress(f"canary {self.plan.canary}: {error.what}")

    def _restore(self) -> str:
        """Returns traffic to the baseline and says how that is known."""
        for _ in range(TRIES):
            try:
                self.lever.restore()
                if self.lever.read().share == 0:
                    return "baseline restored and read back"
            except LeverError as error:
                self._progress(f"canary {self.plan.canary}: {error.what}")
            self._clock.sleep(0.2)
        self._write("lever_unreachable", f"waiting for its lease of {self.plan.lease_s:g} s to run out")
        self._clock.sleep(self.plan.lease_s)
        return (
            "lever unreachable: its lease has run out, which returns traffic to the baseline (not read back)"
        )

    def _recover(self, restart: bool) -> bool:
        """Brings what an earlier controller left to a safe end; whether to start anew."""
        last = self._journal.events[-1]
        self._share = last.share
        torn = (
            f"; a torn last line was cut off ({len(self._journal.torn)} bytes)" if self._journal.torn else ""
        )
        self._write("recovered", f"found unfinished after '{last.event}'{torn}")
        verified = self._restore()
        self._share = 0.0
        self._write("aborted", f"the controller was killed; {verified}")
        return restart

    def _panic(self, error: BaseException) -> None:
        self._restore_quietly(error)
        self._share = 0.0
        if self._journal.unfinished:
            self._write("aborted", f"{type(error).__name__}: {error}; baseline restored")

    def _restore_quietly(self, error: BaseException) -> None:
        try:
            self.lever.restore()
        except LeverError as lost:
            error.add_note(f"the lever cannot be reached either ({lost.what}): its lease returns the traffic")

    def _record_look(self, decision: Decision, judgement: Judgement | None, soaking: bool) -> None:
        worst = None
        if judgement and judgement.states and not soaking:
            *others, worst = sorted(judgement.states, key=lambda s: float(s.log_e[-1]) / s.bound)
            for state in others:
                seen = f"{state.n_canary} canary and {state.n_baseline} baseline requests counted"
                self._write(
                    "evidence", seen, guardrail=state.name, evidence=float(state.log_e[-1]), bound=state.bound
                )
        self._write(
            "soak_look" if soaking else "look",
            f"{decision.kind}: {decision.reason}",
            guardrail=worst.name if worst else None,
            evidence=float(worst.log_e[-1]) if worst else None,
            bound=worst.bound if worst else None,
        )
        self._progress(f"canary {self.plan.canary}: {self._share:.0%}, {decision.kind}: {decision.reason}")

    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._begun

    def _write(self, event: str, reason: str, **more: Any) -> None:
        now = self._clock.now()
        self._journal.write(event, t_s=self._elapsed(), at=now, share=self._share, reason=reason, **more)

    def _outcome(
        self,
        verdict: str,
        guardrail: str | None,
        reason: str,
        *,
        at_s: float | None = None,
        rollback_s: float | None = None,
    ) -> Outcome:
        rows = []
        if self._looks:
            rows = observation_rows(self.plan.canary, self.source.records(), self._looks, self._offset_s)
        at_s = self._elapsed() if at_s is None else at_s
        final = self._share if verdict == "promote" else 0.0
        return Outcome(
            self.plan.canary, verdict, guardrail, at_s, final, reason, self._began_at, rows, rollback_s
        )


def _first(before: float | None, now: float) -> float:
    return now if before is None else before


def _since(start: float | None, now: float) -> float:
    """Seconds since `start`, more than 0 from the first moment on; 0 without a start."""
    return 0.0 if start is None else max(now - start, 1e-9)
