"""Foreign tables turned into the catalogue's own."""
