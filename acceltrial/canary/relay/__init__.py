"""HTTP/1.1 hops on loopback: the split between two arms, and the demonstration's bad candidate."""
