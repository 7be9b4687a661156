"""What to do when a server answered nothing: one piece of advice by what it said."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

_BY_CLASS = {
    "connect_refused": "nothing listens there: start the server, or correct host and port",
    "connect_failed": "nothing listens there: start the server, or correct host and port",
    "http_401": "give the key: --api-key-env NAME_OF_THE_VARIABLE",
    "http_403": "give a key that may use this model: --api-key-env NAME_OF_THE_VARIABLE",
    "tls_untrusted": "trust its certificate with --ca-file, or do not verify it with --insecure",
    "tls_certificate_expired": "renew the server's certificate, or do not verify it with --insecure",
    "tls_host_name": "use the name of the certificate, or do not verify it with --insecure",
    "tls_failed": "the port may speak plain HTTP: try http://",
    "malformed_http": "no HTTP/1.1 is spoken there: it may be TLS (try https://) or another protocol",
    "timeout_first_byte": "raise --timeout, or ask less of the server",
    "timeout_body": "raise --timeout, or ask less of the server",
}
_NO_SUCH_API = {"http_404", "not_json", "not_an_answer", "stream_incomplete"}
_DEFAULT = "check that the server runs and knows the model and the API"


def remedy(summary: dict[str, Any]) -> str:
    """Advice for the commonest failure of a run in which no request was answered."""
    errors: dict[str, int] = summary["errors"]
    if not errors:
        return _DEFAULT
    worst = max(errors, key=lambda name: errors[name])
    told = summary["error_examples"].get(worst, "")
    target = summary["target"]
    if worst in _NO_SUCH_API and not _path(target["base_url"]).endswith("/v1"):
        return f"OpenAI-compatible servers answer below /v1: try {_with_v1(target['base_url'])}"
    if worst in _BY_CLASS:
        return _BY_CLASS[worst]
    if worst == "http_500" and target["api"] == "chat":
        return (
            "look at the server's log; a model without a chat template cannot chat:"
            " give the server one (chat_template.jinja in the model's folder), or use --api completions"
        )
    if worst.startswith("http_4") and "model" in told.lower():
        return f"--model must be a name that the server knows; {target['base_url']}/models may list them"
    if worst in ("http_400", "http_422"):
        return "the server names what it refuses; --extra-body '{…}' sends a server's own fields"
    return _DEFAULT


def _path(base_url: str) -> str:
    return urlsplit(base_url).path.rstrip("/")


def _with_v1(base_url: str) -> str:
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}/v1"
