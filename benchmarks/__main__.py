"""`python -m benchmarks [NAME ...]`: runs the named benchmarks, or all of them, one after another."""

import runpy
import sys
from pathlib import Path

here = Path(__file__).parent
known = sorted(p.parent.name for p in here.glob("*/__main__.py"))
wanted = sys.argv[1:] or known
for name in wanted:
    if name not in known:
        sys.exit(f"no benchmark {name!r}; there are: {', '.join(known)}")
for name in wanted:
    print(f"== {name}", flush=True)
    sys.argv = [f"benchmarks.{name}"]
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")
