"""Foreign formats in, canonical tables out: the only door for outside data."""
