"""Papercut: a small illustration world drawn by us, and the recipes that train Palimpsest's starter model on it."""
