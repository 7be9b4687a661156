"""Short questions about a few sentences that stand in the prompt."""

from __future__ import annotations

import random

from acceltrial.quality.checks import Exactly, OneOf
from acceltrial.quality.item import Check
from acceltrial.quality.task import Question, Task
from acceltrial.quality.tasks.extraction import CITIES

MACHINES = (
    "dosing pump", "screw compressor", "vacuum pump", "booster set", "piston compressor", "blower",
    "cooling fan", "slurry pump",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _question(draw: random.Random) -> Question:
    machine, city, day = draw.choice(MACHINES), draw.choice(CITIES), draw.choice(WEEKDAYS)
    station, hours = draw.randint(10, 99), draw.randint(1_000, 9_999)
    facts = [
        f"The {machine} stands in {city}.",
        f"It belongs to station {station}.",
        f"It has run for {hours} hours.",
        f"It was last checked on {day}.",
    ]
    draw.shuffle(facts)
    asked: tuple[str, str, Check] = draw.choice(
        (
            ("In which city is it?", city, OneOf(CITIES, city)),
            ("Which station is it?", str(station), Exactly(r"\d{2}", str(station))),
            ("How many hours has it run?", str(hours), Exactly(r"\d{4}", str(hours))),
            ("On which day was it checked?", day, OneOf(WEEKDAYS, day)),
        )
    )
    return Question(f"Facts: {' '.join(facts)}\nQuestion: {asked[0]}\nAnswer:", asked[1], asked[2])


QUESTIONS = Task(
    name="questions",
    title="short question about given facts",
    header="Answer each question from the facts.\n",
    stop="Facts:",
    write=_question,
    answer_tokens=6,
)
