"""Weighs every option of hardware for every workload."""
