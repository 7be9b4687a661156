"""Vector search, the step that search and retrieval-augmented answers add to a model's own time."""
