"""What a client sees when the accelerator pool dies or is overloaded behind the exported HAProxy file."""
