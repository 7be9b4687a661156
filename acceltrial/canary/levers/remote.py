"""The client of a lever that has a control port on loopback: the split's own, or a lease keeper's."""

from __future__ import annotations

import http.client
import json
from typing import Any

from acceltrial.canary.lever import LeverError, LeverRefusedError, LeverState

ANSWER_S = 3.0
REFUSED = 409


class RemoteLever:
    """See `Lever`; every method raises LeverError.

    Attributes:
        control_port, token: where the control port is, and what opens it.
        answer_s: how long an answer may take.
    """

    def __init__(self, control_port: int, token: str, *, answer_s: float = ANSWER_S) -> None:
        self.control_port, self.token, self.answer_s = control_port, token, answer_s

    def set_share(self, share: float, *, holder: str, lease_s: float) -> None:
        """See `Lever.set_share`."""
        self.call("/share", {"share": share, "holder": holder, "lease_s": lease_s})

    def renew(self, *, holder: str, lease_s: float) -> None:
        """See `Lever.renew`."""
        self.call("/renew", {"holder": holder, "lease_s": lease_s})

    def settle(self, *, holder: str) -> None:
        """See `Lever.settle`."""
        self.call("/settle", {"holder": holder})

    def restore(self) -> None:
        """See `Lever.restore`."""
        self.call("/restore", {})

    def read(self) -> LeverState:
        """See `Lever.read`."""
        return LeverState(**self.call("/state", {}))

    def call(self, path: str, order: dict[str, Any]) -> dict[str, Any]:
        """The answer to one command. Raises LeverError."""
        where = f"127.0.0.1:{self.control_port}"
        connection = http.client.HTTPConnection("127.0.0.1", self.control_port, timeout=self.answer_s)
        try:
            headers = {"Authorization": f"Bearer {self.token}"}
            connection.request("POST", path, json.dumps(order), headers)
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise LeverError(
                f"the lever does not answer ({error or type(error).__name__})",
                where=where,
                remedy="its lease returns traffic to the baseline; see whether its process lives",
            ) from error
        finally:
            connection.close()
        if response.status != 200:
            kind = LeverRefusedError if response.status == REFUSED else LeverError
            raise kind(
                f"the lever refuses: {answer.get('error')}",
                where=where + path,
                remedy="see who holds the lever, or whether the lease ran out",
            )
        return answer
