"""One-line summaries of service reports, which must keep three facts and invent none."""

from __future__ import annotations

import random

from acceltrial.quality.checks import Facts
from acceltrial.quality.task import Question, Task
from acceltrial.quality.tasks.questions import MACHINES

FAULTS = {
    "leaking seal": ("leaking seal", "leaking shaft seal", "seal leak", "leaky seal", "seal leaks", "leaks"),
    "bearing noise": ("bearing noise", "noisy bearing", "noise of the bearing", "bearing was noisy"),
    "low pressure": ("low pressure", "low discharge pressure", "pressure too low", "lack of pressure"),
    "tripped motor": ("tripped motor", "motor tripped", "motor trip", "motor had tripped"),
    "high vibration": ("high vibration", "vibration", "strong vibration", "vibrated"),
}
ACTIONS = {
    "replaced the seal": ("replaced the seal", "seal replaced", "seal was replaced", "new seal"),
    "cleaned the strainer": ("cleaned the strainer", "strainer cleaned", "strainer was cleaned"),
    "aligned the coupling": ("aligned the coupling", "coupling aligned", "coupling was aligned"),
    "changed the bearings": (
        "changed the bearings",
        "bearings changed",
        "bearings were changed",
        "new bearings",
    ),
    "reset the drive": ("reset the drive", "drive reset", "drive was reset"),
}


def _summary(draw: random.Random) -> Question:
    machine, fault, action = draw.choice(MACHINES), draw.choice(tuple(FAULTS)), draw.choice(tuple(ACTIONS))
    report = (
        f"Report: On arrival at station {draw.randint(10, 99)} the {machine} showed {fault} after "
        f"{draw.randint(10, 99)} weeks of use. The technician {action} and left at {draw.randint(10, 18)} "
        "o'clock."
    )
    # The three words of another fault or action would be false here, unless they are in the report too.
    other = [w for table, own in ((FAULTS, fault), (ACTIONS, action)) for key, ws in table.items()
             if key != own for w in ws]  # fmt: skip
    others = tuple(name for name in MACHINES if name != machine)
    false = tuple(w for w in (*other, *others) if w not in {"vibration", "leaks", "vibrated"})
    check = Facts(((machine,), FAULTS[fault], ACTIONS[action]), false, most_words=30)
    return Question(f"{report}\nSummary:", f"{machine}, {fault}: {action}.", check)


SUMMARIES = Task(
    name="summaries",
    title="summary of a service report with its facts",
    header="Summarise each report in one line: machine, fault and what was done.\n",
    stop="Report:",
    write=_summary,
    examples=3,
    answer_tokens=18,
)
