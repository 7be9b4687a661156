"""Signatures with a reviewer's own SSH key, made and checked by `ssh-keygen -Y`."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from acceltrial.errors import ConfigurationError, DataContractError, TargetUnavailableError

NAMESPACE: Final = "acceltrial-sign-off"
"""What the signature is for: one made for another purpose (a mail, a commit) does not count here."""
_ARMOUR = re.compile(
    r"\A-----BEGIN SSH SIGNATURE-----\n[A-Za-z0-9+/=\n]{40,20000}\n-----END SSH SIGNATURE-----\n?\Z"
)
_PRINCIPAL = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$")
_TIMEOUT_S = 60.0


def sign_bytes(message: bytes, key: Path) -> str:
    """The armoured signature of `message` with the private key (or with its public half and an agent).

    Raises:
        ConfigurationError: the key is missing or cannot sign.
        TargetUnavailableError: ssh-keygen is not installed.
    """
    if not key.is_file():
        raise ConfigurationError("no such key", where=str(key), remedy="give the path of your SSH key: --key")
    with tempfile.TemporaryDirectory(prefix="acceltrial-sign-") as folder:
        text = Path(folder) / "message"
        text.write_bytes(message)
        done = _keygen(["-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(text)])
        if done.returncode != 0:
            raise ConfigurationError(
                f"the key cannot sign: {_told(done)}", where=str(key), remedy="use a private SSH key of yours"
            )
        return text.with_suffix(".sig").read_text(encoding="ascii")


def check_signature(message: bytes, signature: str, signer: str, allowed: Path, where: str) -> None:
    """Returns when `signer`'s key, as listed in the allowed-signers file, made `signature` of `message`.

    Raises:
        DataContractError: no such file, an unknown key or signer, a message that was changed.
        TargetUnavailableError: ssh-keygen is not installed.
    """
    if not _ARMOUR.match(signature) or not _PRINCIPAL.match(signer):
        raise _not_valid("is malformed", where)
    if not allowed.is_file():
        raise _not_valid(f"cannot be checked: there is no {allowed.name}", where)
    with tempfile.TemporaryDirectory(prefix="acceltrial-verify-") as folder:
        file = Path(folder) / "signature"
        file.write_text(signature, encoding="ascii")
        done = _keygen(
            ["-Y", "verify", "-f", str(allowed), "-I", signer, "-n", NAMESPACE, "-s", str(file)], message
        )
    if done.returncode != 0:
        raise _not_valid(f"does not hold for {signer}: unknown key or changed content ({_told(done)})", where)


def may_sign(signer: str) -> bool:
    """Whether the name can stand in an allowed-signers file."""
    return bool(_PRINCIPAL.match(signer))


def _keygen(arguments: list[str], stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["ssh-keygen", *arguments], input=stdin, capture_output=True, check=False, timeout=_TIMEOUT_S
        )
    except FileNotFoundError as error:
        raise TargetUnavailableError(
            "ssh-keygen is not installed", where="sign-off", remedy="install OpenSSH 8.2 or newer"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise ConfigurationError(
            "ssh-keygen gave no answer (it may wait for a passphrase)",
            where="sign-off",
            remedy="load the key into ssh-agent and give its .pub file as --key",
        ) from error


def _told(done: subprocess.CompletedProcess[bytes]) -> str:
    return " ".join(done.stderr.decode(errors="replace").split())[:200] or f"exit {done.returncode}"


def _not_valid(what: str, where: str) -> DataContractError:
    return DataContractError(
        f"the signature {what}",
        where=where,
        remedy="list the reviewer's public key in allowed_signers, or restore the ledger",
    )
