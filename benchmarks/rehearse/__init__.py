"""The canary's faults and kills, on real servers behind HAProxy."""
