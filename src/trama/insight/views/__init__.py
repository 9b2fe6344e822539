"""The pages of numbers: crosstabs, indicators, indices."""
