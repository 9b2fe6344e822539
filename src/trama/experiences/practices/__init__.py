"""Good-practice sheets: an experience told so that others can do it too (S1.6)."""
