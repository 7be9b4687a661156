"""Trust of a server, and handshakes with good and bad certificates."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from acceltrial.load.run import Drive
from acceltrial.load.tls import certificate_class, tls_context
from tests.acceltrial.load.conftest import answering, classes, drive_port, good_stream, socket_server
from tests.acceltrial.load.test_processes import job

Run = Callable[..., Drive]


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


@pytest.mark.usefixtures("nothing_is_left")
def test_tls(run_against: Run, certificate: Callable[..., tuple[object, Path]]) -> None:
    context, authority = certificate("localhost", days=1)
    good = run_against(answering(good_stream()), tls=context, host="localhost", ca_file=authority)
    assert classes(good) == {None}
    assert set(good.records["text"]) == {" Grüße 世界 🙂"}
    assert good.records["tls_ms"][0] > 0
    untrusted = run_against(answering(good_stream()), tls=context, host="localhost")
    assert classes(untrusted) == {"tls_untrusted"}
    waved = run_against(answering(good_stream()), tls=context, host="localhost", verify_tls=False)
    assert classes(waved) == {None}


@pytest.mark.usefixtures("nothing_is_left")
def test_tls_wrong_name_and_expired(
    run_against: Run, certificate: Callable[..., tuple[object, Path]]
) -> None:
    context, authority = certificate("elsewhere.example", days=1)
    wrong = run_against(answering(good_stream()), tls=context, host="localhost", ca_file=authority)
    assert classes(wrong) == {"tls_host_name"}
    context, authority = certificate("localhost", days=-1)
    expired = run_against(answering(good_stream()), tls=context, host="localhost", ca_file=authority)
    assert classes(expired) == {"tls_certificate_expired"}


@pytest.mark.usefixtures("nothing_is_left")
def test_tls_to_a_plain_server() -> None:
    with socket_server(answering(good_stream())) as port:
        driven = drive_port(port, scheme="https", timeout_s=0.5)
    assert classes(driven) <= {"tls_failed", "timeout_connect", "closed_early", "reset"}
    assert None not in classes(driven)
