"""What changes numbers, one module per theme."""
