"""Files that are whole or absent: atomic writes, digests, Parquet with provenance."""
