"""The papercut world: scene records and what follows from them (pictures, masks, captions, edits)."""
