"""The whole page: well-formed, self-contained, escaped, readable without eyes, script or network."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stages.report import page as page_module
from stages.report.page import MAX_BYTES, size_warning
from tests.stages.report.conftest import Rendered
from tests.stages.report.sample_tables import HOSTILE

STYLE = Path(page_module.__file__).with_name("style.css")
ALL = ["rendered", "rendered_empty", "rendered_hostile"]


@pytest.fixture(params=ALL)
def any_report(request: pytest.FixtureRequest) -> Rendered:
    """Each of the three reports in turn."""
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


def test_tags_close_in_order_and_ids_are_unique(any_report: Rendered) -> None:
    page = any_report.page
    assert page.problems == []
    assert sorted(page.ids) == sorted(set(page.ids))


def test_every_link_inside_the_page_has_its_target(any_report: Rendered) -> None:
    page = any_report.page
    targets = [link for _, _, link in page.links if link.startswith("#")]
    assert targets
    assert [link for link in targets if link[1:] not in set(page.ids)] == []


def test_nothing_is_fetched_and_nothing_runs(any_report: Rendered) -> None:
    page = any_report.page
    outside = [link for link in page.links if not link[2].startswith(("#", "data:"))]
    assert outside == []
    assert not {"script", "iframe", "object", "embed", "form", "base"} & set(page.tags)
    assert [a for a in page.attributes if a[1].startswith("on")] == []
    assert set(re.findall(r"url\(([^)]{0,3})", any_report.html)) <= {
        "#fr",
        "#me",
        "#st",
        "#tr",
        "#ca",
        "#di",
        "#le",
    }
    assert "@import" not in any_report.html
    assert "http://" not in any_report.html.replace("http://www.w3.org", "")


def test_the_page_is_small(any_report: Rendered) -> None:
    assert len(any_report.html.encode()) < MAX_BYTES


def test_every_drawing_has_a_text_and_a_table(rendered: Rendered) -> None:
    drawings = re.findall(r'<figure id="([^"]+)".*?</figure>', rendered.html, re.DOTALL)
    assert len(drawings) > 20
    for body in re.findall(r"<figure .*?</figure>", rendered.html, re.DOTALL):
        if "<svg" in body:
            assert re.search(r'role="img" aria-labelledby="(\S+) (\S+)"', body)
            title, desc = re.search(r"<title [^>]*>(.*?)</title><desc [^>]*>(.*?)</desc>", body).groups()  # type: ignore[union-attr]
            assert title.strip()
            assert len(desc) > 15
            assert "<details" in body
            assert "<td>" in body
        else:
            assert 'class="empty"' in body


def test_every_badge_says_what_it_means(rendered: Rendered) -> None:
    badges = re.findall(r'<abbr class="badge (\w+)" title="([^"]*)"', rendered.html)
    assert len(badges) > 100
    assert all(meaning.startswith(grade) for grade, meaning in badges)


def test_hostile_texts_are_shown_and_never_live(rendered_hostile: Rendered) -> None:
    page = rendered_hostile.page
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7*7 }}" in page.text
    assert "49" not in re.findall(r"onload=x (\d+)", page.text)
    assert HOSTILE.split()[0] not in rendered_hostile.html
    assert "\x0b" not in rendered_hostile.html
    assert "<b>x</b>" not in rendered_hostile.html


def test_a_portfolio_without_anything_says_so(rendered_empty: Rendered) -> None:
    text = rendered_empty.page.text
    for sentence in (
        "nothing was decided",
        "Nothing was measured here",
        "No canary has run",
        "No prediction has been measured yet",
        "Nothing was found to remark on",
    ):
        assert sentence in text


@pytest.mark.slow
def test_the_same_tables_give_the_same_bytes(rendered: Rendered, tmp_path: Path) -> None:
    from tests.stages.report.conftest import run_stage
    from tests.stages.report.sample_tables import sample_rows

    again = run_stage(tmp_path, sample_rows(), {"organisation": "Nordwerk"})
    assert again.html == rendered.html
    assert again.roadmap == rendered.roadmap


def test_a_page_too_large_says_how_to_make_it_smaller() -> None:
    assert "options_per_chart" in size_warning("é" * MAX_BYTES)
    assert size_warning("small") == ""


def _variables(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio, 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
def test_texts_have_enough_contrast(scheme: int) -> None:
    blocks = re.findall(r":root \{(.*?)\}", STYLE.read_text(), re.DOTALL)
    colours = _variables(blocks[scheme])
    on_paper = ["ink", "muted", "accent", "alert", "good", "bad", "warn", "calm", "g-predicted", "s-0", "s-3"]
    pairs = [(name, "paper") for name in on_paper] + [("ink", "panel"), ("muted", "panel")]
    pairs += [(name, f"{name}-bg") for name in ("good", "bad", "warn", "calm")]
    pairs += [("on-grade", f"g-{grade}") for grade in ("measured", "published", "predicted", "declared")]
    weak = {pair: _contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}
    assert {pair: round(ratio, 2) for pair, ratio in weak.items() if ratio < 4.5} == {}
