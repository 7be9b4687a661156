"""What runs torch in this machine, always in a child process."""
