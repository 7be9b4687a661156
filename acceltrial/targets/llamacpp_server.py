"""The child process of the llama.cpp target. Run as `python -m … SETTINGS_JSON`."""

from __future__ import annotations

import json
import signal
import sys

from acceltrial.targets.marks import mark


def main(settings: dict[str, object]) -> None:
    """Serves until it is ended."""
    import xllamacpp

    mark("imported")
    parameters = xllamacpp.CommonParams()
    parameters.model.path = settings["weights"]
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = settings["port"]
    parameters.model_alias = {settings["alias"]}
    parameters.n_parallel = settings["parallel"]
    parameters.n_ctx = settings["context_tokens"]
    parameters.cache_prompt = settings["cache_prompt"]
    parameters.endpoint_metrics = True
    if settings["step_tokens"]:
        parameters.n_batch = parameters.n_ubatch = settings["step_tokens"]
    if settings["threads"]:
        parameters.cpuparams.n_threads = settings["threads"]
        parameters.cpuparams_batch.n_threads = settings["threads"]
    server = xllamacpp.Server(parameters)
    mark("ready", address=server.listening_address)
    signal.pause()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
