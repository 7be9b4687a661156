"""Trust of a server: the context of a job, the handshake, and what a refused certificate is called."""

from __future__ import annotations

import socket
import ssl
from typing import NamedTuple

from acceltrial.load.job import Job

_EXPIRED = 10
_WRONG_NAME = (62, 64)
"""X509_V_ERR_CERT_HAS_EXPIRED; X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH."""


def tls_context(job: Job) -> ssl.SSLContext:
    """Verifies against the job's certificates, or the system's, or not at all where the job says so."""
    context = ssl.create_default_context(cafile=job.ca_file or None)
    if not job.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def certificate_class(error: ssl.SSLCertVerificationError) -> str:
    """The error class of a certificate that was not accepted."""
    if error.verify_code == _EXPIRED:
        return "tls_certificate_expired"
    return "tls_host_name" if error.verify_code in _WRONG_NAME else "tls_untrusted"


class Handshake(NamedTuple):
    """What the socket waits for (None once it is secured), or the error class with its words."""

    waits_to_write: bool | None = None
    outcome: str = ""
    detail: str = ""


def shake_hands(sock: socket.socket) -> Handshake:
    """Goes on with the TLS handshake of a wrapped socket as far as it can without waiting."""
    try:
        sock.do_handshake()  # type: ignore[attr-defined]
    except ssl.SSLWantReadError:
        return Handshake(waits_to_write=False)
    except ssl.SSLWantWriteError:
        return Handshake(waits_to_write=True)
    except ssl.SSLCertVerificationError as error:
        return Handshake(outcome=certificate_class(error), detail=error.verify_message)
    except (ssl.SSLError, OSError) as error:
        return Handshake(outcome="tls_failed", detail=str(error))
    return Handshake()
