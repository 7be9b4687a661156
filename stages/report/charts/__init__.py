"""Charts as inline SVG, each with a text alternative and a table of its data."""
