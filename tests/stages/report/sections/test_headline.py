"""The first screen."""

from __future__ import annotations

from stages.report.blocks import Material
from stages.report.sections import headline


def test_the_sentence_counts_and_the_actions_name_workloads(material: Material) -> None:
    block = headline.build(material).blocks[0]
    assert isinstance(block, headline.Headline)
    assert block.sentence == (
        "5 of 6 workloads have a recommended option; "
        "3 of the recommendations rest at least in part on measurements."
    )
    actions = {action.text.split(":")[0]: [link.text for link in action.links] for action in block.actions}
    assert actions["Unblock"] == ["fraud-scoring"]
    assert actions["Measure before committing"] == ["support-chat", "pump-monitoring"]
    # The sample's canary tried the local torch server, while llama.cpp is the recommended option.
    assert actions["Only rehearsed"] == ["reply-suggest"]
    assert "Go on from the canary" not in actions
    assert "semantic-search" not in actions["Sign or reject"]


def test_a_demonstration_is_no_alarm(material: Material) -> None:
    block = headline.build(material).blocks[0]
    assert isinstance(block, headline.Headline)
    assert not [action for action in block.actions if "rolled back" in action.text]
