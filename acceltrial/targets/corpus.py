"""A small generated corpus of field-service reports, so that fine-tuning needs no download and no licence."""

from __future__ import annotations

import random

MACHINES = [
    "centrifugal pump",
    "screw compressor",
    "dosing pump",
    "vacuum pump",
    "booster set",
    "piston compressor",
]
FAULTS = [
    "a leaking shaft seal",
    "bearing noise",
    "low discharge pressure",
    "a tripped motor",
    "high vibration",
]
CAUSES = [
    "dry running",
    "a clogged strainer",
    "misalignment",
    "worn impeller rings",
    "a loose coupling",
    "scale",
]
ACTIONS = [
    "replaced the seal",
    "cleaned the strainer",
    "aligned the coupling",
    "changed the bearings",
    "reset the drive",
]
RESULTS = [
    "runs within limits",
    "needs a follow-up in two weeks",
    "was handed over to the operator",
    "is on stand-by",
]


def service_reports(count: int, seed: int) -> list[str]:
    """`count` reports of some 60 tokens each; the same seed gives the same reports."""
    draw = random.Random(seed)
    return [_report(draw, number) for number in range(1, count + 1)]


def _report(draw: random.Random, number: int) -> str:
    machine, fault = draw.choice(MACHINES), draw.choice(FAULTS)
    return (
        f"Service report {number}. The {machine} at station {draw.randint(1, 40)} showed {fault} after "
        f"{draw.randint(2, 90)}00 operating hours. The cause was {draw.choice(CAUSES)}. The technician "
        f"{draw.choice(ACTIONS)} and measured {draw.randint(2, 60) / 10:.1f} mm/s at the drive end. "
        f"The {machine} {draw.choice(RESULTS)}.\n"
    )
