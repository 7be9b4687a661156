"""Our own traffic generator: clients of their own rate, burstiness and lengths, fitted to statistics."""
