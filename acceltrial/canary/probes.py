"""Questions with known answers, put to both arms in turn, so that a loss of quality shows.

Few-shot completions that a small base model answers; any server of the completions or chat API can be
asked. Both arms get the same questions in the same order.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from acceltrial.canary.source import Probe
from acceltrial.errors import ConfigurationError

SHOTS = (
    ("The pump runs quietly and the technician was friendly.", "positive"),
    ("The compressor broke again after two days.", "negative"),
)
QUESTIONS = (
    ("Excellent service, the repair was done in an hour.", "positive"),
    ("The seal leaks and the manual is useless.", "negative"),
    ("We love the new booster set, it works perfectly.", "positive"),
    ("Terrible noise and a rude answer from support.", "negative"),
    ("Great advice and a very helpful engineer.", "positive"),
    ("The invoice was wrong and the delivery was late.", "negative"),
    ("Everything works well, thank you very much.", "positive"),
    ("The machine failed on the first day, very disappointing.", "negative"),
    ("The best supplier we have had, highly recommended.", "positive"),
    ("It is broken again and we want our money back.", "negative"),
)


def prompt(question: str) -> str:
    """The few-shot prompt for `question`."""
    shots = "".join(f"Review: {text}\nSentiment: {label}\n\n" for text, label in SHOTS)
    return f"{shots}Review: {question}\nSentiment:"


@dataclass
class HttpProber:
    """Asks an arm's server the next question: call with the arm's name.

    Attributes:
        urls: base URL (with `/v1`) of each arm.
        models: the model's name at each arm.
        extra_body: fields added to every request.
    """

    urls: Mapping[str, str]
    models: Mapping[str, str]
    api: str = "completions"
    timeout_s: float = 5.0
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    _asked: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.api not in ("completions", "chat"):
            raise ConfigurationError(
                f"the API '{self.api}' cannot be asked questions",
                where="canary probes",
                remedy="leave them out",
            )

    def __call__(self, arm: str) -> list[Probe]:
        """One probe. A failed answer is a failed request without a quality."""
        number = self._asked.get(arm, 0)
        self._asked[arm] = number + 1
        question, label = QUESTIONS[number % len(QUESTIONS)]
        begun = time.monotonic()
        try:
            text = self._ask(arm, prompt(question))
        except (OSError, http.client.HTTPException, ValueError, KeyError, IndexError, TypeError):
            return [Probe(ok=False, latency_ms=None, quality=None)]
        correct = text.strip().lower().startswith(label)
        return [Probe(ok=True, latency_ms=(time.monotonic() - begun) * 1e3, quality=float(correct))]

    def _ask(self, arm: str, text: str) -> str:
        parts = urlsplit(self.urls[arm])
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=self.timeout_s)
        body: dict[str, Any] = {"model": self.models[arm], "max_tokens": 2, "temperature": 0}
        body |= self.extra_body
        if self.api == "chat":
            path, body["messages"] = "/chat/completions", [{"role": "user", "content": text}]
        else:
            path, body["prompt"] = "/completions", text
        try:
            connection.request(
                "POST", parts.path + path, json.dumps(body), {"Content-Type": "application/json"}
            )
            response = connection.getresponse()
            raw = response.read()
            if response.status != 200:
                raise ValueError(f"status {response.status}")
            choice = json.loads(raw)["choices"][0]
        finally:
            connection.close()
        answer = choice["message"]["content"] if self.api == "chat" else choice["text"]
        return str(answer or "")
