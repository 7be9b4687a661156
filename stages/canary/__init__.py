"""The last phase: a little live traffic for the winner, with the way back kept open."""
