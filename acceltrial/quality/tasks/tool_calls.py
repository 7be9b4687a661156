"""Calls of tools: the right one with the right arguments, as JSON."""

from __future__ import annotations

import json
import random

from acceltrial.quality.checks import ToolCall
from acceltrial.quality.task import Question, Task
from acceltrial.quality.tasks.classification import PRODUCTS
from acceltrial.quality.tasks.extraction import CITIES
from acceltrial.quality.tasks.questions import WEEKDAYS

Arguments = tuple[tuple[str, str | int | float], ...]


def _call(draw: random.Random) -> Question:
    order, count = draw.randint(10_000, 99_999), draw.randint(2, 40)
    product, city, day = draw.choice(PRODUCTS), draw.choice(CITIES), draw.choice(WEEKDAYS)
    said, name, arguments = draw.choice(_cases(order, count, product, city, day))
    answer = json.dumps({"tool": name, "arguments": dict(arguments)})
    return Question(f"Request: {said}\nCall:", answer, ToolCall(name, arguments))


def _cases(order: int, count: int, product: str, city: str, day: str) -> list[tuple[str, str, Arguments]]:
    return [
        (f"Where is order {order}?", "find_order", (("order", order),)),
        (f"Please cancel order {order}.", "cancel_order", (("order", order),)),
        (f"How many of the {product} are in {city}?", "stock", (("product", product), ("city", city))),
        (f"Buy {count} times the {product}.", "buy", (("product", product), ("count", count))),
        (f"Send a technician to {city} on {day}.", "visit", (("city", city), ("day", day))),
    ]


TOOL_CALLS = Task(
    name="tool-calls",
    title="call of the right tool with the right arguments",
    header=(
        "Tools: find_order(order), cancel_order(order), stock(product, city), buy(product, count), "
        "visit(city, day). Write the call for each request as JSON.\n"
    ),
    stop="Request:",
    write=_call,
    examples=5,
    answer_tokens=32,
)
