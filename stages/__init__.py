"""The versioned steps of the pipeline. Each folder is one stage; stages never import one another."""
