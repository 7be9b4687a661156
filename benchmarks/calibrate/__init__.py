"""A calibrated simulator held against a replay that it never saw."""
