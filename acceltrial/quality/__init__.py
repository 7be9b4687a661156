"""Quality: generated tasks with checkable answers, and how near a server's tokens are to a reference."""
