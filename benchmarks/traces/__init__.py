"""How fast traces are read and classified, and in how much memory."""
