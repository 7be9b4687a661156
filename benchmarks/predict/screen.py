"""How long it takes to map and screen the whole catalogue for ten workloads in four precisions.

    python -m benchmarks.predict.screen

Every device, count (1, 2, 4, 8) and precision is checked for format, memory and figures; what is left is run
through the step-time model at nine batches, with capacities under targets, percentiles and intervals.
"""

from __future__ import annotations

import time

import numpy as np

from acceltrial.catalog import load_catalogue
from acceltrial.catalog.location import find_catalogue
from acceltrial.predict.case import ServingCase, as_arrays
from acceltrial.predict.device import Device
from acceltrial.predict.operating import Service, operate
from acceltrial.predict.parameters import load_parameters
from acceltrial.predict.physics import cache_limit
from acceltrial.predict.refusal import RefusedError, refuse_impossible
from acceltrial.predict.shape import ModelShape

WORKLOADS = (
    ("llama-3.1-8b", 1000.0, 200.0),
    ("llama-3.1-70b", 1500.0, 300.0),
    ("llama-3.1-405b", 2000.0, 400.0),
    ("qwen3-32b", 3000.0, 500.0),
    ("mixtral-8x7b", 800.0, 150.0),
    ("deepseek-r1", 1000.0, 3000.0),
    ("gpt-oss-120b", 4000.0, 800.0),
    ("gemma-3-27b", 6000.0, 250.0),
    ("qwen2.5-7b", 12000.0, 100.0),
    ("mistral-7b", 500.0, 1000.0),
)
PRECISIONS = ("bf16", "fp8", "int8", "fp4")
COUNTS = (1, 2, 4, 8)


def screen() -> tuple[int, int, int]:
    """Options looked at, options that are possible, and those that hold the targets."""
    catalogue, parameters = load_catalogue(find_catalogue()), load_parameters()
    devices = [Device.from_row(row) for row in catalogue.accelerators.iter_rows(named=True)]
    looked = possible = able = 0
    for model, tokens, answer in WORKLOADS:
        shape = ModelShape.from_row(catalogue.model(model))
        service = Service(tokens, 3 * tokens, answer, 2 * answer, 2.0, 6.0, 1.5, 2000.0, 60.0, None)
        cases = []
        for device in devices:
            for count in COUNTS:
                for precision in PRECISIONS:
                    looked += 1
                    case = ServingCase(
                        device, shape, count, precision, precision, "closed_loop", tokens, answer, 1.0
                    )
                    try:
                        refuse_impossible(case)
                    except RefusedError:
                        continue
                    cases.append(case)
        found = operate(cases, np.asarray(cache_limit(as_arrays(cases))), service, parameters)
        possible += len(cases)
        able += int(np.isfinite(found.capacity_rps.value).sum())
    return looked, possible, able


def main() -> None:
    start = time.perf_counter()
    looked, possible, able = screen()
    seconds = time.perf_counter() - start
    print(
        f"{looked} options of {len(WORKLOADS)} workloads: {possible} possible, {able} hold their targets; "
        f"{seconds:.2f} s with reading the catalogue (goal: 5 s)"
    )


if __name__ == "__main__":
    main()
