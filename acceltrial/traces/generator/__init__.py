"""Our own traffic generator: clients of their own rate, burstiness and lengths, fitted to statistics."""

from acceltrial.traces.generator.fitting import Fit, fit
from acceltrial.traces.generator.generate import generate
from acceltrial.traces.generator.lengths import LengthSpec
from acceltrial.traces.generator.presets import PRESETS
from acceltrial.traces.generator.spec import GeneratorSpec, generator_spec, spec_from_stats

__all__ = [
    "PRESETS",
    "Fit",
    "GeneratorSpec",
    "LengthSpec",
    "fit",
    "generate",
    "generator_spec",
    "spec_from_stats",
]
