"""How many tokens our words make on a server, by asking it for its usage."""

from __future__ import annotations

import http.client
import json
import ssl

from acceltrial.errors import AcceltrialError
from acceltrial.load import apis
from acceltrial.load.address import Address
from acceltrial.load.plan import LoadPlan
from acceltrial.load.prompts import TokenRate, fit_rate
from acceltrial.load.render import head

_LONGEST_S = 60.0


def probe_rate(plan: LoadPlan, address: Address) -> TokenRate:
    """Tokens a word by two short requests; where the server does not say, one token a word is assumed.

    The source of the result says which of the two it was and why.
    """

    def ask(text: str) -> int:
        return _prompt_tokens(plan, address, text)

    try:
        return fit_rate(ask, "a probe of the server's usage")
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException, AcceltrialError) as error:
        return TokenRate(
            source=f"assumed one token a word: the probe failed ({type(error).__name__}: {error})"[:200]
        )


def _prompt_tokens(plan: LoadPlan, address: Address, text: str) -> int:
    lines = head(plan, address).decode("latin-1").split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines[1:] if line)
    fields["Connection"] = "close"
    content = apis.body(plan.api, plan.model, text, output_tokens=1, extra=plan.extra_body)
    connection = _connect(plan, address)
    try:
        connection.request("POST", lines[0].split(" ")[1], content, fields)
        response = connection.getresponse()
        usage = json.loads(response.read(1 << 20))["usage"]
        return int(usage["prompt_tokens"] if "prompt_tokens" in usage else usage["total_tokens"])
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
