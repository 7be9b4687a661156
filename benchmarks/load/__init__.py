"""How far the load engine can be trusted, and how it compares with a bare client and with its peers."""
