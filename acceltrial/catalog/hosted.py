"""Hosted prices for a workload's requests, beside the price of own devices."""

from __future__ import annotations

import polars as pl

from acceltrial.cost.hosted import break_even_requests_per_s, hosted_per_1k_requests
from acceltrial.errors import ConfigurationError

MOST = 1e9


def for_requests(
    prices: pl.DataFrame,
    input_tokens: float | None,
    output_tokens: float | None,
    usd_per_hour: float | None = None,
) -> pl.DataFrame:
    """The api_prices with `usd_per_1k_requests`, cheapest first.

    With `usd_per_hour`, of own devices, also `break_even_requests_per_s`: from that rate on they cost less.

    Raises:
        ConfigurationError: a mean length is missing, or a figure is not above zero and finite.
    """
    given = {"--input-tokens": input_tokens, "--output-tokens": output_tokens}
    wrong = [name for name, value in given.items() if value is None or not 0 < value < MOST]
    if usd_per_hour is not None and not 0 < usd_per_hour < MOST:
        wrong.append("--usd-per-hour")
    if input_tokens is None or output_tokens is None or wrong:
        raise ConfigurationError(
            "the cost of requests needs their tokens in and out, above zero",
            where=wrong[0],
            remedy="give --input-tokens and --output-tokens, and with --usd-per-hour a price above zero",
        )
    asked_in, asked_out = (
        prices[f"usd_per_million_{side}_tokens"].to_numpy() for side in ("input", "output")
    )
    cost = hosted_per_1k_requests(asked_in, asked_out, input_tokens, output_tokens)
    added = {"usd_per_1k_requests": pl.Series(cost)}
    if usd_per_hour is not None:
        added["break_even_requests_per_s"] = pl.Series(break_even_requests_per_s(usd_per_hour, cost))
    return prices.with_columns(**added).sort("usd_per_1k_requests", "provider", "served_as")
