"""Plain Python for the network: which entries may be the same body. Knows no Django."""
