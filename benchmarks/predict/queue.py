"""The first token of a closed loop by simulating its queue, held against the closed form on unseen rows.

Every stream asks again as soon as it is answered. Steps take what the step-time model says. Engines put
prompts together as they do by default: TensorRT-LLM whole prompts beside the decoding sequences, vLLM chunks
beside them, SGLang prompts alone and before them, each up to 8,192 tokens a step. A run is taken to last ten
rounds: its first, in which all ask at once, and nine like the fourth. One factor for each engine is fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numba import njit

from acceltrial.predict.case import CaseArrays, FloatArray, as_arrays, with_engines
from acceltrial.predict.engines import ENGINES
from acceltrial.predict.fitting import HeldOut, Training, fit_physical, residuals
from acceltrial.predict.kriging import Surface, points
from acceltrial.predict.physics import Physical, cache_limit, decode_s, prefill_s, with_load

ALONE = {"trtllm": False, "vllm": False, "sglang": True}
WHOLE = {"trtllm": True, "vllm": False, "sglang": False}
BUDGET = 8192
TURN_S = 0.02
"""Within which the answers of one step turn into the next questions of their streams (declared)."""
ROUNDS, RUN = 4, 10
MOST_STREAMS = 2048


def hold_out_simulated(
    training: Training, masks: Sequence[Any], covariance: FloatArray, *, named: bool = False
) -> HeldOut:
    """As `acceltrial.predict.fitting.hold_out`: first tokens of closed loops by simulation, others NaN."""
    error, deviation = np.full(len(training), np.nan), np.full(len(training), np.nan)
    at, ours = training.points(), queued(training)
    for mask in masks:
        part, asked = training.take(np.flatnonzero(~mask)), training.take(np.flatnonzero(mask))
        physical = fit_physical(part)
        seen, off = queued(part), residuals(part, physical)
        weights = as_arrays(part.cases).engines[seen]
        off[seen] = part.log_values[seen] - simulated(part.take(np.flatnonzero(seen)), physical, weights)
        factors = np.array([np.median(off[seen][weights[:, own] > 0]) for own in range(len(ENGINES))])
        off[seen] -= weights @ factors
        surface = Surface(covariance, at.take(np.flatnonzero(~mask)), off)
        where = surface.with_engines(points((asked if named else asked.unnamed()).cases, asked.kinds))
        mean, spread = surface.ask(where)
        wanted = queued(asked)
        likely = where.engines[wanted]
        told = simulated(asked.take(np.flatnonzero(wanted)), physical, likely) + likely @ factors
        error[mask & ours] = asked.log_values[wanted] - told - mean[wanted]
        deviation[mask & ours] = spread[wanted]
    return HeldOut(error, deviation)


def queued(training: Training) -> Any:
    """Which rows are first tokens of closed loops."""
    return np.array(
        [
            kind == "ttft" and case.scenario == "closed_loop"
            for case, kind in zip(training.cases, training.kinds, strict=True)
        ]
    )


def simulated(training: Training, physical: Physical, engines: FloatArray) -> FloatArray:
    """Natural logarithm of each row's mean first token in milliseconds, by engines as likely as `engines`."""
    cases = with_engines(as_arrays(training.cases), engines)
    logs = np.stack([_of_engine(cases, physical, name) for name in ENGINES], axis=1)
    return np.asarray((engines * logs).sum(axis=1))


def _of_engine(cases: CaseArrays, physical: Physical, engine: str) -> FloatArray:
    limit = np.minimum(cache_limit(cases), physical.batch_limit)
    most = np.maximum(np.minimum(cases.concurrency, limit), 2.0)
    one = decode_s(with_load(cases, np.ones(len(cases))), physical)
    more = (decode_s(with_load(cases, most), physical) - one) / (most - 1.0)
    bare = replace(cases, input_tokens=np.full(len(cases), 1e-6))
    least = prefill_s(bare, 1.0, physical)
    each = np.maximum(prefill_s(cases, 1.0, physical) - least, 0.0) / cases.input_tokens
    found = np.empty((len(cases), ROUNDS))
    whole = [np.minimum(cases.concurrency, MOST_STREAMS), np.floor(limit), cases.input_tokens]
    tokens = [np.maximum(values, 1.0).astype(np.int64) for values in (*whole, cases.output_tokens)]
    _play(*tokens, one - more, more, each, least, ALONE[engine], WHOLE[engine], found)
    mean = (found[:, 0] + (RUN - 1) * found[:, -1]) / RUN
    return np.asarray(np.log(mean * 1e3 + physical.base_ms))


@njit(error_model="numpy")  # type: ignore[untyped-decorator]
def _play(
    streams: Any, limit: Any, inputs: Any, outputs: Any, start_s: Any, more_s: Any, token_s: Any,
    least_s: Any, alone: bool, whole: bool, found: Any,
) -> None:  # fmt: skip
    """Mean seconds to the first token in each of the first rounds of every case."""
    for case in range(len(streams)):
        count, length, answer = streams[case], inputs[case], outputs[case]
        room_for, size = min(limit[case], count), count + 1
        asked_s = np.zeros(size)
        ends, ending = np.empty(size, np.int64), np.empty(size, np.int64)
        first_asked, asked, first_end, groups = 0, count, 0, 0
        now, step, left, running, served = 0.0, 0, length, 0, 0
        found[case, :] = 0.0
        while served < ROUNDS * count:
            room, ready = room_for - running, 0
            while (
                ready < min(asked, room)
                and asked_s[(first_asked + ready) % size] <= now
                and ready * length < BUDGET + length
            ):
                ready += 1
            if ready > 0:
                space = BUDGET if alone else max(BUDGET - running, 1)
                if whole:
                    done = max(1, min(ready, space // length))
                    tokens = done * length
                else:
                    tokens, done = min(space, left + (ready - 1) * length), 0
                    if tokens < left:
                        left -= tokens
                    else:
                        done = 1 + (tokens - left) // length
                        left = length - (tokens - left) % length
                work = tokens * token_s[case]
                if alone or running == 0:
                    now += work + least_s[case]
                else:
                    now += work + start_s[case] + more_s[case] * running
                step += not alone or running == 0
                for _ in range(done):
                    if served < ROUNDS * count:
                        found[case, served // count] += (now - asked_s[first_asked]) / count
                    served += 1
                    first_asked, asked = (first_asked + 1) % size, asked - 1
                if done > 0:
                    place = (first_end + groups) % size
                    ends[place], ending[place] = step + answer - 1, done
                    groups += 1
                    running += done
            elif running > 0:
                each = start_s[case] + more_s[case] * running
                steps = ends[first_end] - step
                if asked > 0 and room > 0:
                    steps = min(steps, max(1, int(np.ceil((asked_s[first_asked] - now) / each))))
                now += steps * each
                step += steps
            else:
                now = asked_s[first_asked]
            while groups > 0 and ends[first_end] <= step:
                back = ending[first_end]
                first_end, groups = (first_end + 1) % size, groups - 1
                running -= back
                for one in range(back):
                    at = now + TURN_S * (one + 0.5) / back
                    if asked > 0:
                        at = max(at, asked_s[(first_asked + asked - 1) % size])
                    asked_s[(first_asked + asked) % size] = at
                    asked += 1
