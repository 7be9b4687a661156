"""Accelerators, models and prices with the source, date and confidence of every cell."""

from acceltrial.catalog.aliases import AliasIndex
from acceltrial.catalog.catalogue import Catalogue, load_catalogue
from acceltrial.catalog.findings import Finding

__all__ = ["AliasIndex", "Catalogue", "Finding", "load_catalogue"]
