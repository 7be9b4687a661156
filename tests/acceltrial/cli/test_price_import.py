"""The import commands as a person types them."""

from __future__ import annotations

import shutil
from pathlib import Path

import orjson
import pytest

from acceltrial.catalog.location import find_catalogue
from acceltrial.cli import run as command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(find_catalogue(), tmp_path / "catalogue"))


def run(*words: str) -> int:
    return command(["catalogue", *words])


def test_an_imported_quote_is_listed_with_the_prices(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    quote = tmp_path / "our-quote.csv"
    quote.write_text("gpu,price,count\nMI300X,16,8\n")
    assert run("import", "table", str(quote), "--column", "accelerator=gpu", "--catalogue", str(folder)) == 0
    capfd.readouterr()
    where = "provider = 'our-quote'"
    assert run("prices", "--where", where, "--catalogue", str(folder), "--json") == 0
    (row,) = orjson.loads(capfd.readouterr().out)
    assert (row["accelerator"], row["usd_per_accelerator_hour"], row["grade"]) == ("mi300x", 2.0, "declared")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("aws", "--region", "eu-west-1", "--instance-type", "p9.huge"), 2, "instances.csv"),
        (("aws", "--region", "eu-west-1", "--spot-days", "400"), 2, "90"),
        (("skypilot", "none.csv", "--provider", "aws", "--as-of", "2026-99-01"), 2, "no date"),
        (("skypilot", "none.csv", "--provider", "aws", "--as-of", "2026-09-01"), 1, "none.csv"),
        (("billing", "none.csv"), 1, "none.csv"),
        (("table", "none.csv", "--column", "price"), 2, "OURS=THEIRS"),
        (("api", "none.json", "--as-of", "2999-01-01"), 2, "future"),
    ],
)
def test_bad_requests_end_with_one_clear_error(
    folder: Path, capfd: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, told: str
) -> None:
    assert run("import", *words, "--catalogue", str(folder)) == code
    assert told in capfd.readouterr().err
    assert not list((folder / "imported").glob("*"))
