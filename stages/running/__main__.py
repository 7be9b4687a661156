"""`python -m stages.running NAME`: one stage in this process, for development without the command line."""

from __future__ import annotations

import sys

from stages.registry import get_stage
from stages.running.runner import run_stage
from stages.running.workspace import find_workspace, held

workspace = find_workspace()
with held(workspace):
    for name in sys.argv[1:]:
        print(run_stage(get_stage(name), workspace, progress=lambda line: print(line, file=sys.stderr)))
