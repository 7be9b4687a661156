"""Prefect: order, schedule, retries, fan-out, progress. No arithmetic here."""
