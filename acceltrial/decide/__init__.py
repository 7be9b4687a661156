"""Ranking options by declared criteria: value functions, weights, stability, disagreement, flips.

It knows neither workloads nor accelerators: any decision matrix will do.
"""
