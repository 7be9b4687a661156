"""The child process of the `transformers serve` target. Run as `python -m … SETTINGS_JSON`."""

from __future__ import annotations

import json
import sys
from typing import Any

from acceltrial.targets.marks import mark


def main(settings: dict[str, Any]) -> None:
    """Serves on loopback until it is ended: the same class that the command `transformers serve` runs."""
    import torch
    from transformers import AutoModelForCausalLM  # noqa: F401 (its import belongs to the start, not to the load)
    from transformers.cli.serve import Serve

    threads = settings.pop("threads", None)
    if threads:
        torch.set_num_threads(threads)
    mark("imported", torch=torch.__version__)
    Serve(host="127.0.0.1", **settings)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
