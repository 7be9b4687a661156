"""A Gateway API HTTPRoute as a lever: the weights of its two `backendRefs`.

The manifest is the act: it is replaced whole, so that whoever watches the file never reads half of it.
With `kubectl` it is applied and read back from the cluster; without, a GitOps controller applies it, and
what is read back is the file.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from acceltrial.canary.lever import LeverError
from acceltrial.canary.levers.weights import Reading, parts_of
from acceltrial.errors import StorageError
from acceltrial.storage.atomic import write_bytes

API = "gateway.networking.k8s.io/v1"
WHOLE = 10_000
"""The sum of both weights: hundredths of a per cent; the API allows up to 1,000,000 each."""


@dataclass(frozen=True)
class HttpRouteWeights:
    """See `Weights`. Nobody counts requests here: the controller compares with its own source.

    Attributes:
        manifest: the file, one HTTPRoute.
        baseline, canary: names of the services in `backendRefs`.
        kubectl: the command to apply and read with, such as ("kubectl", "--context", "prod"); empty: none.
    """

    manifest: str
    baseline: str
    canary: str
    kubectl: tuple[str, ...] = ()
    granularity: float = 1 / WHOLE
    patience_s: float = 10.0

    def write(self, share: float) -> None:
        """See `Weights.write`."""
        document = self._file()
        weights = dict(zip((self.baseline, self.canary), parts_of(share, WHOLE), strict=True))
        for rule in document["spec"]["rules"]:
            for backend in rule.get("backendRefs", []):
                if backend["name"] in weights:
                    backend["weight"] = weights[backend["name"]]
        try:
            write_bytes(Path(self.manifest), yaml.safe_dump(document, sort_keys=False).encode())
        except StorageError as error:
            raise self._error(f"the manifest cannot be written ({error.what})") from error
        if self.kubectl:
            self._run("apply", "-f", self.manifest)

    def read(self) -> Reading:
        """See `Weights.read`. Every rule that names both services must give the same share."""
        document = self._applied() if self.kubectl else self._file()
        shares = set()
        for rule in document["spec"]["rules"]:
            weights = {ref["name"]: ref.get("weight", 1) for ref in rule.get("backendRefs", [])}
            if self.baseline in weights and self.canary in weights:
                total = sum(weights.values())
                shares.add(weights[self.canary] / total if total else 0.0)
        if len(shares) != 1:
            found = ", ".join(f"{share:.2%}" for share in sorted(shares)) or "no rule with both services"
            raise self._error(f"the route gives no single share ({found})")
        return Reading(shares.pop())

    def _file(self) -> dict[str, Any]:
        try:
            return self._checked(yaml.safe_load(Path(self.manifest).read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise self._error(f"the manifest cannot be read ({str(error).splitlines()[0]})") from error

    def _applied(self) -> dict[str, Any]:
        name = self._file()["metadata"]
        text = self._run(
            "get", "httproute", name["name"], "-n", name.get("namespace", "default"), "-o", "yaml"
        )
        try:
            return self._checked(yaml.safe_load(text))
        except yaml.YAMLError as error:
            raise self._error("kubectl gave no manifest") from error

    def _checked(self, document: Any) -> dict[str, Any]:
        """The document, when it is an HTTPRoute with both services."""
        try:
            known = document["apiVersion"] == API and document["kind"] == "HTTPRoute"
            names = {ref["name"] for rule in document["spec"]["rules"] for ref in rule.get("backendRefs", [])}
            named = isinstance(document["metadata"]["name"], str)
        except (KeyError, TypeError, AttributeError) as error:
            raise self._error(f"the manifest is not an HTTPRoute ({error!r})") from error
        if not (known and named):
            raise self._error(f"the manifest is not an HTTPRoute of {API}")
        missing = {self.baseline, self.canary} - names
        if missing:
            raise self._error(f"no rule sends anything to the service '{min(missing)}'")
        checked: dict[str, Any] = document
        return checked

    def _run(self, *arguments: str) -> str:
        try:
            done = subprocess.run(
                [*self.kubectl, *arguments],
                capture_output=True,
                text=True,
                timeout=self.patience_s,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise self._error(f"kubectl cannot be run ({error})") from error
        if done.returncode:
            raise self._error(f"kubectl {arguments[0]} failed: {done.stderr.strip()[:200]}")
        return done.stdout

    def _error(self, what: str) -> LeverError:
        return LeverError(what, where=self.manifest, remedy="correct the manifest, or what applies it")
