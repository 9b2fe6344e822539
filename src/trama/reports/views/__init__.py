"""The pages of the reports: make, write, freeze, compare."""
