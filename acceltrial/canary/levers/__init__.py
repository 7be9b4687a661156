"""The levers that are built in."""
