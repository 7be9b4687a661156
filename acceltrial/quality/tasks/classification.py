"""Labels: the mood of a review, and the team that a ticket belongs to."""

from __future__ import annotations

import random

from acceltrial.quality.checks import OneOf
from acceltrial.quality.task import Question, Task

PRODUCTS = (
    "pump", "compressor", "valve", "controller", "seal kit", "booster set", "sensor", "drive", "gear box",
    "pressure tank", "flow meter", "blower",
)  # fmt: skip
PRAISE = (
    "works perfectly", "was delivered early and runs quietly", "is excellent", "is a great improvement",
    "has never failed", "was easy to install and we love it", "runs better than promised",
    "saves us a lot of energy", "is the best one we have had",
)  # fmt: skip
BLAME = (
    "leaks everywhere", "broke after two days", "is terrible", "makes a horrible noise", "arrived damaged",
    "keeps failing and nobody answers", "is a complete waste of money", "stopped working again",
    "is far too loud and too weak",
)  # fmt: skip
OPENINGS = ("", "Honestly, ", "After a month: ", "To whom it may concern: ")

MOODS = ("positive", "negative")


def _sentiment(draw: random.Random) -> Question:
    good = draw.random() < 0.5
    opening, product = draw.choice(OPENINGS), draw.choice(PRODUCTS)
    said = draw.choice(PRAISE if good else BLAME)
    text = f"{opening}the {product} {said}."
    answer = MOODS[0] if good else MOODS[1]
    return Question(f"Review: {text[0].upper()}{text[1:]}\nSentiment:", answer, OneOf(MOODS, answer))


TEAMS = {
    "billing": (
        "the invoice for the {product} shows the wrong amount", "we were charged twice for the {product}",
        "please send a copy of the invoice for the {product}", "our payment for the {product} was not booked",
    ),
    "delivery": (
        "when will the {product} arrive", "the parcel with the {product} is lost",
        "please ship the {product} to another address", "the truck with the {product} did not come",
    ),
    "repair": (
        "the {product} leaks and must be fixed", "the {product} is broken, send a technician",
        "the {product} makes a loud noise and stops", "the {product} does not start any more",
    ),
    "sales": (
        "how much does a new {product} cost", "please make us an offer for ten pieces of the {product}",
        "we want to buy a larger {product}", "is there a discount on the {product}",
    ),
}  # fmt: skip
GREETINGS = ("Hello", "Good morning", "Dear team", "Hi", "To the service desk", "Hello again")


def _routing(draw: random.Random) -> Question:
    team = draw.choice(tuple(TEAMS))
    said = draw.choice(TEAMS[team]).format(product=draw.choice(PRODUCTS))
    text = f"Ticket: {draw.choice(GREETINGS)}, {said}.\nTeam:"
    return Question(text, team, OneOf(tuple(TEAMS), team))


SENTIMENT = Task(
    name="sentiment",
    title="mood of a review",
    header="Say whether each review is positive or negative.\n",
    stop="Review:",
    write=_sentiment,
)
ROUTING = Task(
    name="routing",
    title="team that a ticket belongs to",
    header=f"Name the team for each ticket: {', '.join(TEAMS)}.\n",
    stop="Ticket:",
    write=_routing,
    examples=4,
)
