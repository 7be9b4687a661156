"""How fast we are, against peers and against the limit. Each folder is one benchmark with one command."""
