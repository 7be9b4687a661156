"""Pandera models of every table that crosses a stage boundary, and nothing else."""
