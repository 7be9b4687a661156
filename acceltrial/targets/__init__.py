"""Where work is sent: one Protocol for servers, endpoints and local devices, found by entry point."""

from acceltrial.targets.registry import availability, kinds, serve
from acceltrial.targets.spec import (
    Availability,
    RunningServer,
    Startup,
    TargetKind,
    TargetSpec,
    spec_from_row,
)

__all__ = [
    "Availability",
    "RunningServer",
    "Startup",
    "TargetKind",
    "TargetSpec",
    "availability",
    "kinds",
    "serve",
    "spec_from_row",
]
