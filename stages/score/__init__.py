"""Costs, scores, ranking, placement and the sheets that the roles sign."""
