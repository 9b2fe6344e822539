"""What people type about numbers, one module per theme."""
