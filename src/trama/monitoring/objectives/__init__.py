"""Objectives of a programme as a tree, the numbers by which one sees them reached, and each year closed (S0.13)."""
