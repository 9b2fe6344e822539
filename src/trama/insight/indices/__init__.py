"""Indices as people meet them: read, computed, explained in words, frozen, taken away as a file (`docs/indices.md`)."""
