"""Requests through LiteLLM's own router with an exported configuration; run by the peer's Python.

Arguments: configuration, model name, requests a second, seconds. Prints `ready`, then one JSON list.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import litellm
import yaml

litellm.suppress_debug_info = True


async def main() -> None:
    """Open loop: a slow answer delays nobody else's start."""
    config, model, rate, seconds = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
    document = yaml.safe_load(config.read_text(encoding="utf-8"))
    router = litellm.Router(model_list=document["model_list"], **document["router_settings"])
    for name in (model, f"{model}-fallback"):  # imports and first connections are not counted
        await _one(router, name, time.monotonic())
    print("ready", flush=True)
    start = time.monotonic()
    tasks = []
    for index in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, start + index / rate - time.monotonic()))
        tasks.append(asyncio.create_task(_one(router, model, start)))
    print(json.dumps(await asyncio.gather(*tasks)), flush=True)


async def _one(router, model, start):
    """When it began, how long it took, who answered, and the error's class or an empty text."""
    began = time.monotonic()
    try:
        answer = await router.acompletion(
            model=model, messages=[{"role": "user", "content": "hello"}], max_tokens=8
        )
    except Exception as error:
        return [began - start, time.monotonic() - began, "", type(error).__name__]
    return [began - start, time.monotonic() - began, answer._hidden_params.get("model_id") or "", ""]


if __name__ == "__main__":
    asyncio.run(main())
