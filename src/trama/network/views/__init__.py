"""The pages of the network, one file per theme."""
