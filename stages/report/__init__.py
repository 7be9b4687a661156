"""The pack for the quarterly review: one HTML file, the roadmap as JSON, every table as Parquet."""
