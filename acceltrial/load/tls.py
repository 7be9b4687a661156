"""Trust of a server: the context of a job, and what a refused certificate is called."""

from __future__ import annotations

import ssl

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
