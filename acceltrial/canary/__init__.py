"""A small share of live traffic for the candidate, judged at every look, with the way back kept open."""
