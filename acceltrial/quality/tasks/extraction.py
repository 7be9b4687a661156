"""Values out of messages: one number as text, and a whole record as JSON."""

from __future__ import annotations

import json
import random

from acceltrial.quality.checks import Exactly, Fields
from acceltrial.quality.task import Question, Task
from acceltrial.quality.tasks.classification import GREETINGS, PRODUCTS

REQUESTS = (
    "please send the invoice for", "I ask for the status of", "when do you ship", "please cancel",
    "a question on", "we still wait for",
)  # fmt: skip
CITIES = ("Hamburg", "Leipzig", "Bremen", "Kiel", "Mainz", "Essen", "Ulm", "Trier")


def _order(draw: random.Random) -> Question:
    number = str(draw.randint(10_000, 99_999))
    said = f"{draw.choice(GREETINGS)}, {draw.choice(REQUESTS)} order {number}, the {draw.choice(PRODUCTS)}."
    return Question(f"Message: {said}\nOrder number:", number, Exactly(r"\d{5}", number))


def _record(draw: random.Random) -> Question:
    count, product = draw.randint(2, 60), draw.choice(PRODUCTS)
    number, city = draw.randint(10_000, 99_999), draw.choice(CITIES)
    said = f"{draw.choice(GREETINGS)}, order {number}: we need {count} times the {product} in {city}."
    fields: tuple[tuple[str, str | int | float], ...] = (
        ("order", number), ("count", count), ("product", product), ("city", city),
    )  # fmt: skip
    return Question(f"Message: {said}\nJSON:", json.dumps(dict(fields)), Fields(fields))


ORDER_NUMBER = Task(
    name="order-number",
    title="order number in a message",
    header="Copy the order number from each message.\n",
    stop="Message:",
    write=_order,
)
RECORD = Task(
    name="record",
    title="order record of a message as JSON",
    header="Write order, count, product and city of each message as JSON.\n",
    stop="Message:",
    write=_record,
    answer_tokens=40,
)
