from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.canary.access_log import AccessLogFeed
from acceltrial.canary.lever import LeverError


class Clock:
    t = 50.0

    def __call__(self):
        return self.t


def line(arm="canary", status=200, total_ms=12, state="--", **more):
    return json.dumps({"arm": arm, "status": status, "total_ms": total_ms, "state": state, **more}) + "\n"


@pytest.fixture
def feed(tmp_path):
    path = tmp_path / "access.log"
    path.write_text(line() * 3)
    clock = Clock()
    found = AccessLogFeed(path, clock=clock)
    found.moved = clock
    return found


def write(feed, text, mode="a"):
    with feed.path.open(mode) as stream:
        stream.write(text)


def test_what_was_logged_before_the_start_is_left_out(feed):
    assert feed.poll(0).records == []


def test_requests_lie_between_the_polls_whatever_the_wall_clock_says(feed):
    write(feed, line() + line("baseline"))
    feed.moved.t += 10
    polled = feed.poll(0)
    assert polled.now_s == 10
    times = [row[0] for row in polled.records]
    assert times == sorted(times)
    assert 0 < times[0] < times[1] < 10


@pytest.mark.parametrize(
    ("entry", "ok", "error"),
    [
        ({}, True, ""), ({"status": 404}, True, ""), ({"status": 503}, False, "status_503"),
        ({"status": 429}, False, "status_429"), ({"status": -1, "state": "SC"}, False, "reset"),
        ({"status": 504, "state": "sH"}, False, "timeout"), ({"state": "sD"}, False, "timeout"),
        ({"state": "SD"}, False, "reset"), ({"state": "CD"}, False, "client_gone"),
        ({"state": "DC"}, False, "client_gone"), ({"state": "UT", "status": 504}, False, "timeout"),
        ({"state": "UF,URX", "status": 503}, False, "reset"), ({"state": None}, True, ""),
    ],
)  # fmt: skip
def test_how_a_request_went(feed, entry, ok, error):
    write(feed, line(**entry))
    [row] = feed.poll(0).records
    assert (row[1], row[2], row[6]) == ("canary", ok, error)


def test_a_canary_that_was_tried_in_vain_counts_although_its_client_was_served(feed):
    write(feed, line("baseline", retries="+1"))
    rows = feed.poll(0).records
    assert [(row[1], row[2], row[6]) for row in rows] == [
        ("canary", False, "connect"),
        ("baseline", True, ""),
    ]


def test_a_line_that_is_not_whole_waits_for_its_rest(feed):
    text = line()
    write(feed, text[:20])
    assert feed.poll(0).records == []
    write(feed, text[20:])
    assert len(feed.poll(0).records) == 1


def test_a_rotated_or_emptied_log_is_followed(feed):
    feed.path.rename(feed.path.with_suffix(".1"))
    feed.path.write_text(line())
    assert len(feed.poll(0).records) == 1
    write(feed, "", mode="w")
    feed.poll(0)
    write(feed, line() * 2)
    assert len(feed.poll(0).records) == 2


def test_a_log_that_is_gone_is_a_lost_source(feed, tmp_path):
    with pytest.raises(LeverError, match="cannot be read"):
        AccessLogFeed(tmp_path / "none.log")
    feed.path.unlink()
    with pytest.raises(LeverError, match="cannot be read"):
        feed.poll(0)


@given(st.lists(st.one_of(st.text(max_size=40), st.just(line().strip()), st.just('{"arm": "canary"}'))))
@settings(max_examples=60, deadline=None)
def test_whatever_stands_in_the_log_nothing_breaks(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("l") / "access.log"
    path.touch()
    feed = AccessLogFeed(path)
    path.write_bytes("".join(text.replace("\n", "") + "\n" for text in lines).encode("utf-8", "replace"))
    rows = feed.poll(0).records
    assert len(rows) >= sum(text == line().strip() for text in lines)
    assert all(row[1] in {"baseline", "canary"} and row[3] >= 0 for row in rows)


def test_scrapes_and_health_checks_are_evidence_for_no_arm(feed):
    write(feed, line(method="GET") + line(method="HEAD") + line("baseline", method="POST"))
    assert [row[1] for row in feed.poll(0).records] == ["baseline"]
