from __future__ import annotations

import json
import os

from acceltrial.evidence.machine import describe_machine


def test_it_tells_what_the_system_tells_and_nothing_else() -> None:
    facts = describe_machine()
    assert facts["cpu_model"]
    assert 1 <= facts["cores"] <= (os.cpu_count() or 1)
    assert facts["memory_gb"] > 0
    assert all(value not in (None, "", []) for value in facts.values())
    json.dumps(facts)
