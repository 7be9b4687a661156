"""What each workload is, by rules with evidence, and the benchmark that its own traffic defines."""
