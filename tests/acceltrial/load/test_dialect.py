"""What is left out for a server that refuses it."""

from __future__ import annotations

from collections.abc import Callable

from acceltrial.load.dialect import OPENAI, Dialect, settle

EXTRA = '{{"detail":[{{"type":"extra_forbidden","loc":["body","{name}"],"msg":"not permitted"}}]}}'


def strict(*known: str, say: str = EXTRA) -> Callable[[Dialect], tuple[int, str]]:
    """A server that refuses every field it does not know, one at a time."""

    def ask(dialect: Dialect) -> tuple[int, str]:
        sent = {**dialect.length(1, ignore_eos=True), **dialect.usage()}
        unknown = [name for name in sent if name not in known]
        return (422, say.format(name=unknown[0])) if unknown else (200, "{}")

    return ask


def test_a_tolerant_server_is_sent_everything() -> None:
    found = settle(lambda _: (200, "{}"), untouched={})
    assert found == OPENAI
    assert found.length(3, ignore_eos=True) == {"max_tokens": 3, "ignore_eos": True, "min_tokens": 3}


def test_only_what_is_refused_is_left_out() -> None:
    found = settle(strict("max_tokens", "ignore_eos", "stream_options"), untouched={})
    assert set(found.left_out) == {"min_tokens"}
    assert found.length(3, ignore_eos=True) == {"max_tokens": 3, "ignore_eos": True}
    assert found.usage()


def test_the_end_is_ignored_in_another_way_where_there_is_one() -> None:
    found = settle(strict("max_tokens", "generation_config"), untouched={})
    assert set(found.left_out) == {"ignore_eos", "min_tokens", "stream_options"}
    assert list(found.no_end(3)) == ["generation_config"]
    assert found.usage() == {}


def test_the_successor_of_max_tokens() -> None:
    told = "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."

    def ask(dialect: Dialect) -> tuple[int, str]:
        return (400, told) if "max_tokens" in dialect.length(1, ignore_eos=False) else (200, "")

    assert settle(ask, untouched={}).length(5, ignore_eos=False) == {"max_completion_tokens": 5}
    too_large = settle(lambda _: (400, "max_tokens is too large"), untouched={})
    assert too_large.left_out == {}
    assert "max_tokens is too large" in too_large.problem


def test_nothing_is_left_out_in_vain() -> None:
    # A body that is only echoed names every field; without them the server refuses it all the same.
    echo = settle(lambda _: (422, "messages: Field required; input: ignore_eos min_tokens"), untouched={})
    assert (echo.left_out, bool(echo.problem)) == ({}, True)
    assert settle(lambda _: (500, "ignore_eos"), untouched={}).left_out == {}
    assert settle(strict("max_tokens"), untouched={"ignore_eos": True}).left_out == {}
