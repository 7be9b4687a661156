"""Other load generators against the same reference server, each in an environment of its own."""
