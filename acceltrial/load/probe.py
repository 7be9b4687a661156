"""What is asked of a server before a run: which fields it takes, and how many tokens our words make."""

from __future__ import annotations

import http.client
import json
import ssl

from acceltrial.errors import AcceltrialError
from acceltrial.load import apis
from acceltrial.load.address import Address
from acceltrial.load.dialect import OPENAI, Dialect, settle
from acceltrial.load.plan import LoadPlan
from acceltrial.load.prompts import TokenRate, fit_rate
from acceltrial.load.render import head

_LONGEST_S = 60.0
_MOST_BYTES = 1 << 20
_FAULTS = (OSError, ValueError, KeyError, TypeError, http.client.HTTPException, AcceltrialError)


def probe_dialect(plan: LoadPlan, address: Address) -> Dialect:
    """The optional fields that the server takes, by a request in the form of the plan's own.

    Where the server cannot be asked, or refuses the request whatever is left out, nothing is left out
    and `problem` says why.
    """
    if not apis.generates(plan.api):
        return OPENAI

    def ask(dialect: Dialect) -> tuple[int, str]:
        content = apis.body(
            plan.api,
            plan.model,
            "The pump",
            output_tokens=1,
            stream=plan.streams,
            ignore_eos=plan.ignore_eos,
            extra=plan.extra_body,
            dialect=dialect,
        )
        return _exchange(plan, address, content)

    try:
        return settle(ask, untouched=plan.extra_body or {})
    except _FAULTS as error:
        return Dialect(problem=f"{type(error).__name__}: {error}"[:200])


def probe_rate(plan: LoadPlan, address: Address, dialect: Dialect = OPENAI) -> TokenRate:
    """Tokens a word by two short requests; where the server does not say, one token a word is assumed.

    The source of the result says which of the two it was and why.
    """

    def ask(text: str) -> int:
        return _prompt_tokens(plan, address, text, dialect)

    try:
        if dialect.problem:
            raise ValueError(dialect.problem)
        return fit_rate(ask, "a probe of the server's usage")
    except _FAULTS as error:
        return TokenRate(
            source=f"assumed one token a word: the probe failed ({type(error).__name__}: {error})"[:200]
        )


def _prompt_tokens(plan: LoadPlan, address: Address, text: str, dialect: Dialect) -> int:
    content = apis.body(plan.api, plan.model, text, output_tokens=1, extra=plan.extra_body, dialect=dialect)
    status, answer = _exchange(plan, address, content)
    if status >= 300:
        raise ValueError(f"HTTP {status}: {answer[:120]}")
    usage = json.loads(answer)["usage"]
    return int(usage["prompt_tokens"] if "prompt_tokens" in usage else usage["total_tokens"])


def _exchange(plan: LoadPlan, address: Address, content: bytes) -> tuple[int, str]:
    """Status and beginning of the answer to one request on a connection of its own."""
    lines = head(plan, address).decode("latin-1").split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines[1:] if line)
    fields["Connection"] = "close"
    connection = _connect(plan, address)
    try:
        connection.request("POST", lines[0].split(" ")[1], content, fields)
        response = connection.getresponse()
        return response.status, response.read(_MOST_BYTES).decode(errors="replace")
    finally:
        connection.close()


def _connect(plan: LoadPlan, address: Address) -> http.client.HTTPConnection:
    timeout = min(plan.timeout_s, _LONGEST_S)
    if not address.tls:
        return http.client.HTTPConnection(address.host, address.port, timeout=timeout)
    context = ssl.create_default_context(cafile=str(plan.ca_file) if plan.ca_file else None)
    if not plan.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(address.host, address.port, timeout=timeout, context=context)
