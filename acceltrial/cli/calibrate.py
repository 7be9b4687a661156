"""`acceltrial calibrate`: one short run on a server makes its simulation true to it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

if TYPE_CHECKING:
    from acceltrial.load import LoadResult, Schedule


def calibrate(
    url: str,
    *,
    out: Path,
    model: str = "",
    api: Literal["chat", "completions"] = "completions",
    streams: Annotated[list[int] | None, Parameter(consume_multiple=True, negative="")] = None,
    longest_input: int = 256,
    longest_output: int = 32,
    ignore_eos: bool = True,
    extra_body: str | None = None,
    tokenizer: Path | None = None,
    api_key_env: str | None = None,
    timeout: float = 300.0,
    seed: int = 0,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Fit the simulator to the server at URL with one short run; `simulate --calibration` then uses it.

    Args:
        url: base URL of the server, such as http://127.0.0.1:8000/v1.
        out: the file to write.
        model: name that the server knows; empty where it serves only one.
        api: which of the server's interfaces to use; answers are streamed.
        streams: of the closed loops that follow the one of a single stream (default 2 4 8).
        longest_input: tokens of the longest prompt; take that of the traffic to be simulated.
        longest_output: tokens of the longest answer.
        ignore_eos: make the server write all output tokens (engines that know it).
        extra_body: JSON object of fields to add to every request.
        tokenizer: folder or tokenizer.json of the model, for exact prompt lengths.
        api_key_env: name of the environment variable that holds the API key.
        timeout: seconds that one request may take.
        seed: of lengths and prompts.
        as_json: write what was found as JSON to stdout.
    """
    from acceltrial.cli import progress
    from acceltrial.load import LoadPlan, run_load
    from acceltrial.simulate.calibrated import CalibratedServer, write_calibrated
    from acceltrial.simulate.calibration import calibrate as fit
    from acceltrial.simulate.probe import Probe, probe

    plan = Probe(tuple(streams or (2, 4, 8)), longest_input, longest_output, seed)
    body = {"temperature": 0, **_object(extra_body)}
    frames = []

    def run(schedule: Schedule) -> LoadResult:
        streams = schedule.concurrency or 1
        progress.say(f"{len(schedule)} requests, {streams} together")
        done = run_load(
            LoadPlan(
                base_url=url,
                api=api,
                model=model,
                schedule=schedule,
                calibrate=False,
                ignore_eos=ignore_eos,
                extra_body=body,
                tokenizer=tokenizer,
                api_key_env=api_key_env,
                timeout_s=timeout,
                warm_up=1 if streams == 1 else 0,
                progress=progress.say,
            )
        )
        frames.append(done.records)
        return done

    with progress.shown():
        phases = probe(run, plan)
        progress.say("fitting")
        fitted = fit(phases)
    server = CalibratedServer(
        fitted,
        model=model,
        measured_on=datetime.now(UTC).isoformat(timespec="seconds"),
        records_digest=_digest(frames),
        machine="",
    )
    write_calibrated(out, server)
    _say(server, out, as_json=as_json)


def _object(text: str | None) -> dict[str, Any]:
    import orjson

    from acceltrial.errors import ConfigurationError

    if text is None:
        return {}
    try:
        found = orjson.loads(text)
    except ValueError as error:
        found = error
    if not isinstance(found, dict):
        raise ConfigurationError(
            f"{text[:60]!r} is not a JSON object", where="--extra-body", remedy='such as {"top_k": 1}'
        )
    return found


def _digest(frames: list[Any]) -> str:
    """SHA-256 of what was seen, so that a figure can be traced to its run."""
    import hashlib

    digest = hashlib.sha256()
    for frame in frames:
        digest.update(frame.select("sent_s", "first_token_s", "last_s", "output_tokens").write_csv().encode())
    return digest.hexdigest()


def _say(server: Any, out: Path, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.buffer.write(out.read_bytes())
        return
    from rich.console import Console

    from acceltrial.simulate.calibration import UNLIMITED

    console = Console(stderr=True, highlight=False)
    fitted, steps = server.calibration, server.calibration.steps
    limit = fitted.max_sequences if fitted.max_sequences < UNLIMITED else "no limit seen"
    rows = {
        "step of one sequence": f"{(steps.shared + steps.token + steps.sequence) * 1e3:.4g} ms",
        "a prompt token": f"{steps.token * 1e3:.4g} ms",
        "each prompt": f"{(steps.prompt + steps.base) * 1e3:.4g} ms",
        "decoded together": f"{limit} (at most {fitted.most_streams} were)",
        "tokens a step": fitted.token_budget,
        "error left out, first token": _shares(fitted.errors["ttft"]),
        "error left out, whole answer": _shares(fitted.errors["e2e"]),
    }
    for name, value in rows.items():
        console.print(f"{name:<30} {value}", markup=False)
    console.print(f"wrote {out}", markup=False)


def _shares(errors: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.0%}" for name, value in errors.items())
