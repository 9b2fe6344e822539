"""Speed, measured: `make bench`. Never a test: a number on a busy machine proves nothing, a ratio in one run does."""
