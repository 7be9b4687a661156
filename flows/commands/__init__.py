"""The pipeline's commands, which the checkout registers with `acceltrial` through an entry point."""

from __future__ import annotations

COMMANDS = (
    (
        "evaluate",
        "flows.commands.evaluate:evaluate",
        "Run the whole pipeline; finished work is kept and not repeated",
    ),
    (
        "validate",
        "flows.commands.validate:validate",
        "Check portfolio, catalogue and traces in seconds; writes nothing",
    ),
    ("stages", "flows.commands.stages:app", "List the stages, or run one of them"),
    ("report", "flows.commands.report:app", "Open the last report, or print its path"),
    (
        "lineage",
        "flows.commands.lineage:app",
        "From a data digest to the runs that used it; send waiting run records",
    ),
    (
        "whatif",
        "flows.commands.whatif:whatif",
        "Decide the last evaluation again with other prices, volumes or costs",
    ),
    (
        "cost",
        "flows.commands.cost:app",
        "What was really paid, beside what was predicted",
    ),
    (
        "sign-off",
        "flows.commands.signoff:app",
        "The sheets that four roles sign: list, sign, verify",
    ),
    (
        "policy",
        "flows.commands.policy:app",
        "Test the placement rules; explain what each said about an option",
    ),
    (
        "export",
        "flows.commands.export:export",
        "Write placements as files for HAProxy, LiteLLM, Kubernetes, SageMaker, SkyPilot",
    ),
    ("init", "flows.commands.init:init", "Make a workspace with a fresh portfolio to fill in"),
)
"""Name, where it is defined, one line of help."""
