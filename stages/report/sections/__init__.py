"""One module a section of the report: each turns tables into a small value that a template shows."""
