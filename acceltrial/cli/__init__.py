"""The command `acceltrial`.

Only the chosen command's module is imported, so help and errors answer at once. Data goes to stdout,
words for people to stderr.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import NamedTuple, NoReturn

from acceltrial import __version__
from acceltrial.errors import AcceltrialError


class Command(NamedTuple):
    """One entry of the command line: where it is defined and what its line in the help says."""

    name: str
    target: str
    help: str


ENGINE_COMMANDS = (
    Command(
        "bench",
        "acceltrial.cli.bench:bench",
        "Drive a server with a schedule or trace; tells the instrument's error",
    ),
    Command(
        "trace", "acceltrial.cli.trace:app", "Request traces: statistics, conversion, sampling, generation"
    ),
    Command(
        "catalogue", "acceltrial.cli.catalogue:app", "Accelerators, models, prices and runtimes, with sources"
    ),
    Command(
        "predict", "acceltrial.cli.predict:predict", "Latency and throughput of cases that nobody measured"
    ),
    Command("simulate", "acceltrial.cli.simulate:simulate", "A trace against a server that nobody here has"),
    Command(
        "calibrate", "acceltrial.cli.calibrate:calibrate", "Fit the simulator to a server with one short run"
    ),
    Command("fit", "acceltrial.cli.predict:fit", "Fit the predictor to measurements; tells its errors"),
    Command("rank", "acceltrial.cli.rank:rank", "Rank a decision matrix, with the ranking's stability"),
    Command("canary", "acceltrial.cli.canary:app", "Judge recorded canary streams; plan what one can detect"),
    Command(
        "targets", "acceltrial.cli.targets:app", "What can be measured from here, and why the rest cannot"
    ),
    Command("doctor", "acceltrial.cli.doctor:doctor", "What is installed, reachable, missing; the remedy"),
)

EXIT_CODES = """\
Exit codes: 0 done, 1 failure, 2 usage or configuration, 3 data contract broken,
4 gate failed or rolled back, 5 target unavailable, 6 awaiting sign-off."""


def commands() -> dict[str, Command]:
    """The engine's commands and those that installed extensions (the pipeline's checkout) register."""
    found = {command.name: command for command in ENGINE_COMMANDS}
    for point in entry_points(group="acceltrial.commands"):
        for entry in point.load():
            command = Command(*entry)
            found[command.name] = command
    return found


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Runs the command line and exits with the documented code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    raise SystemExit(run(arguments))


def run(arguments: list[str]) -> int:
    """Runs one command; returns the exit code instead of exiting."""
    known = commands()
    if not arguments or arguments[0] in {"--help", "-h", "help"}:
        sys.stdout.write(_help(known))
        return 0
    if arguments[0] in {"--version", "version"}:
        sys.stdout.write(f"{__version__}\n")
        return 0
    if arguments[0] not in known:
        return _unknown(arguments[0], known)
    try:
        return _dispatch(known[arguments[0]], arguments)
    except AcceltrialError as error:
        _complain(error)
        return error.exit_code
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing is wrong here.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; finished work is kept, run again to go on\n")
        return 130


def _dispatch(command: Command, arguments: list[str]) -> int:
    import cyclopts
    from rich.console import Console

    from acceltrial.errors import ConfigurationError

    app = cyclopts.App(name="acceltrial", version=__version__, help_on_error=False)
    app.command(command.target, name=command.name, help=command.help)
    try:
        result = app(
            arguments,
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
            error_console=Console(stderr=True),
        )
    except cyclopts.CycloptsError as error:
        raise ConfigurationError(
            " ".join(str(error).split()),
            where=f"acceltrial {command.name}",
            remedy=f"acceltrial {command.name} --help",
        ) from error
    return result if isinstance(result, int) else 0


def _help(known: dict[str, Command]) -> str:
    width = max(len(name) for name in known)
    lines = "\n".join(f"  {c.name:<{width}}  {c.help}" for c in known.values())
    return (
        "acceltrial: decide, with evidence, which accelerator should run which ML workload.\n\n"
        f"Usage: acceltrial COMMAND [OPTIONS]\n\nCommands:\n{lines}\n\n"
        "acceltrial COMMAND --help tells a command's options; --version prints the version.\n"
        f"{EXIT_CODES}\n"
    )


def _unknown(name: str, known: dict[str, Command]) -> int:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    sys.stderr.write(f"error: no command {name!r}{hint}\n  → acceltrial --help lists them\n")
    return 2


def _complain(error: AcceltrialError) -> None:
    where = f"{error.where}: " if error.where else ""
    sys.stderr.write(f"error: {where}{error.what}\n")
    if error.remedy:
        sys.stderr.write(f"  → {error.remedy}\n")
