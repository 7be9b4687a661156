"""The flags of `acceltrial simulate` by what they are about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cyclopts import Parameter

from acceltrial.errors import ConfigurationError

if TYPE_CHECKING:
    from acceltrial.simulate.summary import Targets


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Named:
    """What serves the trace.

    Attributes:
        model: name or alias from the catalogue.
        accelerator: name or alias from the catalogue, with a count ("8xH100") or as an instance type.
        calibration: file of `acceltrial calibrate`: simulate that server; model and accelerator then only
            name it and price it.
        count: accelerators of one replica (tensor parallel); else as the accelerator's name says, else 1.
        precision: of the weights, as in `acceltrial predict`; else that in the model's name, that in which it
            is published, or 16 bits.
        catalogue: the catalogue's folder; else data/catalogue of this folder or one above.
        params: parameters of `acceltrial fit`; else those that ship with the library.
    """

    model: str | None = None
    accelerator: str | None = None
    calibration: Path | None = None
    count: int | None = None
    precision: str | None = None
    catalogue: Path | None = None
    params: Path | None = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Fleet:
    """How many replicas there are and how each works.

    Attributes:
        replicas: behind the router.
        router: how a request finds its replica.
        cache_tokens: that the memory of one replica holds; else what is left beside the weights.
        token_budget: tokens that one step computes at most (2048, or as calibrated).
        max_sequences: requests that one replica runs together (256, or as calibrated).
        prefix_cache: reuse what earlier requests of a session left in memory (on; off if calibrated).
        prefill_replicas: of the replicas, those that only read prompts.
        max_replicas: add replicas with the load up to this number.
        start_up_s: seconds until a new or repaired replica serves.
        mtbf_h: hours between failures of a replica.
    """

    replicas: int = 1
    router: Literal["round_robin", "least_loaded", "prefix_aware"] = "least_loaded"
    cache_tokens: int | None = None
    token_budget: int | None = None
    max_sequences: int | None = None
    prefix_cache: bool | None = None
    prefill_replicas: int = 0
    max_replicas: int | None = None
    start_up_s: float = 120.0
    mtbf_h: float | None = None

    def settings(self) -> dict[str, Any]:
        """The simulated server's settings by name; None leaves what the subject says."""
        return {
            "replicas": self.replicas,
            "router": self.router,
            "cache_tokens": self.cache_tokens,
            "token_budget": self.token_budget,
            "max_sequences": self.max_sequences,
            "prefix_cache": self.prefix_cache,
            "prefill_replicas": self.prefill_replicas,
            "max_replicas": self.max_replicas,
            "start_up_s": self.start_up_s,
            "repair_s": self.start_up_s,
            "mtbf_s": None if self.mtbf_h is None else self.mtbf_h * 3600.0,
        }


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What makes an answer a good one.

    Attributes:
        slo_ttft_ms: a good answer's first token comes within it.
        slo_itl_ms: 95 % of a good answer's gaps between tokens stay within it.
        slo_e2e_ms: a good answer is whole within it.
    """

    slo_ttft_ms: float | None = None
    slo_itl_ms: float | None = None
    slo_e2e_ms: float | None = None

    def targets(self) -> Targets:
        """The service level. Raises ConfigurationError for a limit that is not above zero and finite."""
        from acceltrial.simulate.summary import Targets

        for name in ("slo_ttft_ms", "slo_itl_ms", "slo_e2e_ms"):
            limit = getattr(self, name)
            if limit is not None and not 0 < limit < 1e12:
                raise ConfigurationError(
                    f"a target must be above zero and finite, not {limit}",
                    where=f"--{name.replace('_', '-')}",
                    remedy="correct it",
                )
        return Targets(self.slo_ttft_ms, self.slo_itl_ms, self.slo_e2e_ms)
