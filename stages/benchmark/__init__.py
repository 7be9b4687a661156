"""Measures what can be measured, predicts the rest, and keeps the two apart."""
