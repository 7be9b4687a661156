"""Rules as CEL expressions in versioned YAML: checked when loaded, logged when they decide."""
