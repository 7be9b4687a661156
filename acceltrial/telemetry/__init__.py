"""What a device and a process go through while they work: memory, power, clocks, errors over time."""
