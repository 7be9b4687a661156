"""Predicted rows for what nothing here can measure."""

from stages.benchmark.predicted.table import predict_measurements

__all__ = ["predict_measurements"]
