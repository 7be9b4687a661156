"""One schedule sent from several machines: workers, their clocks, and the merged records."""
