"""The canary demonstrated: real servers behind HAProxy, real traffic, faults of every kind, and kills."""
