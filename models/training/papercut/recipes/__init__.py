"""The training recipes, one module each."""
