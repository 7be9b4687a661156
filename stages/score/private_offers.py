"""Prices that the team declares, in place of list prices of the same accelerator, place and way to pay."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from stages.score.declared import PrivateOffer, PrivateOffers, load_declared
from stages.score.findings import Row, finding

FILE: Final = "offers.yaml"
_SAME: Final = ("accelerator", "provider", "region", "model")


def with_private_offers(prices: pl.DataFrame, portfolio: Path, today: date) -> tuple[pl.DataFrame, list[Row]]:
    """The price table with the portfolio's own offers, and what is to be said of them.

    A valid offer takes out the list prices of the same accelerator, provider, region and price model. One
    that has expired is left out, so that the list price counts again.

    Raises:
        ConfigurationError: offers.yaml is wrong.
        StorageError: it cannot be read.
    """
    declared = load_declared(PrivateOffers, portfolio / FILE).offers
    valid = [one for one in declared if one.expires >= today]
    found = [_expired(one) for one in declared if one.expires < today]
    if not valid:
        return prices, found
    own = pl.DataFrame([_row(one) for one in valid], schema=prices.schema, orient="row")
    listed = prices.join(own.select(_SAME), on=_SAME, how="anti")
    listed = listed.filter(~pl.col("price").is_in(own["price"].implode()))
    return pl.concat([listed, own]).sort("price"), found


def _row(one: PrivateOffer) -> dict[str, Any]:
    return {
        "price": one.offer, "accelerator": one.accelerator, "provider": one.provider, "region": one.region,
        "residency": one.residency, "environment": one.environment, "instance_type": one.instance_type,
        "accelerators_per_instance": float(one.accelerators_per_instance), "model": one.price_model,
        "usd_per_accelerator_hour": one.usd_per_accelerator_hour, "grade": "declared",
        "source": f"{one.source} (private offer, until {one.expires})", "as_of": one.as_of,
        "confidence": "declared", "note": "",
    }  # fmt: skip


def _expired(one: PrivateOffer) -> Row:
    detail = f"{one.usd_per_accelerator_hour:g} USD an hour from {one.provider} expired on {one.expires}"
    return finding("offer", one.offer, "expired offer", "warning", f"{detail}: list prices count", "renew it")
