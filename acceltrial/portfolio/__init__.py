"""A company's workloads, models, targets and traces, as written by people in YAML."""

from acceltrial.portfolio.reading import Portfolio, read_portfolio

__all__ = ["Portfolio", "read_portfolio"]
