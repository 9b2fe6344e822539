"""Experiments: what one wants to find out, what was seen, what is decided, and whether it is extended (S0.28)."""
