"""How a declared stage is run: inputs checked, cells resumed, outputs swapped in whole, lineage recorded."""
