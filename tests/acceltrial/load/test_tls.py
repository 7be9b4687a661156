"""Trust of a server. Handshakes with bad certificates are in test_driver.py."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from acceltrial.load.tls import certificate_class, tls_context
from tests.acceltrial.load.test_processes import job


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (10, "tls_certificate_expired"),
        (62, "tls_host_name"),
        (64, "tls_host_name"),
        (18, "tls_untrusted"),
        (20, "tls_untrusted"),
    ],
)
def test_a_refused_certificate_has_its_class(code: int, expected: str) -> None:
    error = ssl.SSLCertVerificationError("no")
    error.verify_code = code
    assert certificate_class(error) == expected


def test_verification_is_on_unless_the_job_says_otherwise(tmp_path: Path) -> None:
    assert tls_context(job(tmp_path)).verify_mode is ssl.CERT_REQUIRED
    careless = tls_context(job(tmp_path, verify_tls=False))
    assert (careless.verify_mode, careless.check_hostname) == (ssl.CERT_NONE, False)
