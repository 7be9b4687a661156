"""How far predictions are off on rows that were held out."""
