"""Where the catalogue lies when nobody says."""

from __future__ import annotations

from pathlib import Path

from acceltrial.errors import ConfigurationError

FOLDER = Path("data") / "catalogue"


def find_catalogue(given: Path | None = None, *, start: Path | None = None) -> Path:
    """`given`; else `data/catalogue` of the working folder or one above it; else that of the checkout.

    Raises:
        ConfigurationError: there is none.
    """
    if given is not None:
        return given
    here = (start or Path.cwd()).resolve()
    checkout = Path(__file__).resolve().parents[2]
    for folder in (here, *here.parents, checkout):
        if (folder / FOLDER / "accelerators.csv").is_file():
            return folder / FOLDER
    raise ConfigurationError(
        f"no catalogue: neither {here} nor a folder above has {FOLDER}",
        where="catalogue",
        remedy="give its folder with --catalogue, or run from a checkout",
    )
