from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from acceltrial.decide.ssh_signature import check_signature, may_sign, sign_bytes
from acceltrial.errors import ConfigurationError, DataContractError

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")


def key_of(folder: Path, name: str) -> Path:
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)], check=True)
    return path


@pytest.fixture
def ada(tmp_path: Path) -> Path:
    key = key_of(tmp_path, "ada")
    (tmp_path / "allowed_signers").write_text(f"ada {key.with_suffix('.pub').read_text()}")
    return key


def test_a_signature_holds_for_its_message_and_signer_only(ada: Path, tmp_path: Path) -> None:
    allowed = tmp_path / "allowed_signers"
    signature = sign_bytes(b"approved", ada)
    check_signature(b"approved", signature, "ada", allowed, "line 1")
    for message, signer in ((b"rejected", "ada"), (b"approved", "bob")):
        with pytest.raises(DataContractError, match=r"line 1.*does not hold"):
            check_signature(message, signature, signer, allowed, "line 1")


def test_an_unknown_key_is_refused(ada: Path, tmp_path: Path) -> None:
    mallory = sign_bytes(b"approved", key_of(tmp_path, "mallory"))
    with pytest.raises(DataContractError, match="unknown key"):
        check_signature(b"approved", mallory, "ada", tmp_path / "allowed_signers", "line 1")


@pytest.mark.parametrize("signer", ["-oProxyCommand=x", "*", "a b", "", "ada,bob", "<b>"])
def test_hostile_signers_never_reach_the_command(signer: str, ada: Path, tmp_path: Path) -> None:
    assert not may_sign(signer)
    with pytest.raises(DataContractError, match="malformed"):
        check_signature(b"m", sign_bytes(b"m", ada), signer, tmp_path / "allowed_signers", "line 1")


def test_malformed_signatures_missing_lists_and_missing_keys(ada: Path, tmp_path: Path) -> None:
    with pytest.raises(DataContractError, match="malformed"):
        check_signature(b"m", "-----BEGIN", "ada", tmp_path / "allowed_signers", "x")
    with pytest.raises(DataContractError, match="no none"):
        check_signature(b"m", sign_bytes(b"m", ada), "ada", tmp_path / "none", "x")
    with pytest.raises(ConfigurationError, match="no such key"):
        sign_bytes(b"m", tmp_path / "gone")
    (tmp_path / "noise").write_text("not a key")
    with pytest.raises(ConfigurationError, match="cannot sign"):
        sign_bytes(b"m", tmp_path / "noise")
