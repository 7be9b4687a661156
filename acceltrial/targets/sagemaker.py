"""A SageMaker endpoint, reached through boto3 and offered on loopback in the OpenAI protocol.

The load engine speaks HTTP only, so a small bridge in this process takes its requests and invokes the
endpoint. The endpoint's container must take OpenAI bodies (the vLLM and TGI containers do). The time
inside the bridge is part of what is measured and the source of each figure says so.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pydantic import Field

from acceltrial.errors import TargetUnavailableError
from acceltrial.targets.http import post_json
from acceltrial.targets.openai import FIRST_REQUESTS, judge
from acceltrial.targets.process import LOOPBACK
from acceltrial.targets.serving import PATHS
from acceltrial.targets.spec import Availability, LaunchModel, RunningServer, Startup, TargetSpec
from acceltrial.targets.weights import missing_modules

CONNECT_S = 2
READ_S = 5
MAX_BODY = 8_000_000


class Launch(LaunchModel):
    """Which endpoint, where. Credentials come from boto3's own chain."""

    endpoint: str = Field(pattern=r"^[A-Za-z0-9](-*[A-Za-z0-9]){0,62}$")
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    timeout: float = Field(default=60.0, gt=0, le=3600)


class SageMaker:
    """The adapter for kind `sagemaker`."""

    def availability(self, spec: TargetSpec) -> Availability:
        """Whether the endpoint exists and is in service."""
        launch = spec.parse_launch(Launch)
        if missing_modules("boto3"):
            return Availability(
                available=False, reason="boto3 is not installed", remedy="pip install 'acceltrial[aws]'"
            )
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

        try:
            found = _client("sagemaker", launch, READ_S).describe_endpoint(EndpointName=launch.endpoint)
        except NoCredentialsError:
            return Availability(
                available=False, reason="no AWS credentials", remedy="configure a profile or role for boto3"
            )
        except ClientError as error:
            return Availability(
                available=False,
                reason=f"endpoint {launch.endpoint}: {error.response['Error'].get('Message', error)}",
                remedy="create the endpoint, or correct `launch.endpoint` and `launch.region`",
            )
        except BotoCoreError as error:
            return Availability(
                available=False, reason=f"AWS cannot be reached ({error})", remedy="check network and region"
            )
        status = found["EndpointStatus"]
        if status != "InService":
            return Availability(
                available=False,
                reason=f"endpoint {launch.endpoint} is {status}",
                remedy="wait until it is InService",
            )
        return Availability(available=True)

    @contextmanager
    def serve(self, spec: TargetSpec, *, workdir: Path, cache: Path) -> Iterator[RunningServer]:  # noqa: ARG002
        """A bridge to the endpoint on loopback. Raises TargetUnavailableError."""
        launch = spec.parse_launch(Launch)
        self.availability(spec).demand(spec.target)
        server = ThreadingHTTPServer(
            (LOOPBACK, 0), _handler(_client("sagemaker-runtime", launch, launch.timeout), launch)
        )
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield _first(spec, launch, f"http://{LOOPBACK}:{server.server_address[1]}/v1")
        finally:
            server.shutdown()
            server.server_close()


def _first(spec: TargetSpec, launch: Launch, base: str) -> RunningServer:
    sent = time.monotonic()
    body = {"model": spec.model, **FIRST_REQUESTS[spec.api]}
    answer = post_json(base + PATHS[spec.api], body, connect_s=CONNECT_S, total_s=launch.timeout)
    if answer.status != 200:
        problem = judge(launch.endpoint, answer)
        raise TargetUnavailableError(
            f"the first request failed: {problem.reason}", where=spec.target, remedy="read the endpoint's log"
        )
    return RunningServer(
        base_url=base,
        model_name=spec.model,
        api=spec.api,
        pid=None,
        startup=Startup(
            first_request_s=time.monotonic() - sent,
            reason="the endpoint runs already: its start was not seen",
        ),
        engine=f"SageMaker endpoint {launch.endpoint}, through a loopback bridge",
    )


def _client(service: str, launch: Launch, read_s: float) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_S,
        read_timeout=read_s,
        retries={"total_max_attempts": 1},
        max_pool_connections=256,
    )
    return boto3.client(
        service, region_name=launch.region, config=config, endpoint_url=os.environ.get("AWS_ENDPOINT_URL")
    )


def _handler(runtime: Any, launch: Launch) -> type[BaseHTTPRequestHandler]:
    class Bridge(BaseHTTPRequestHandler):
        """Hands a request's body to the endpoint and its answer back, streaming where asked."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            if not 0 < size <= MAX_BODY:
                self._reply(413, b'{"error":{"message":"body missing or too large"}}')
                return
            body = self.rfile.read(size)
            try:
                if b'"stream":true' in body.replace(b" ", b""):
                    self._stream(body)
                else:
                    answer = runtime.invoke_endpoint(
                        EndpointName=launch.endpoint, ContentType="application/json", Body=body
                    )
                    self._reply(200, answer["Body"].read())
            except Exception as error:
                self._reply(502, b'{"error":{"message":"%s"}}' % type(error).__name__.encode())

        def _stream(self, body: bytes) -> None:
            answer = runtime.invoke_endpoint_with_response_stream(
                EndpointName=launch.endpoint, ContentType="application/json", Body=body
            )
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            try:
                for event in answer["Body"]:
                    part = event.get("PayloadPart", {}).get("Bytes", b"")
                    if part:
                        self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                self.wfile.write(b"0\r\n\r\n")
            except Exception:
                # The status line is out: only a broken stream can still tell the client.
                self.close_connection = True

        def _reply(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Says nothing: the records tell."""

    return Bridge


KIND = SageMaker()
