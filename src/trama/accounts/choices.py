"""Closed values of accounts."""

# Stated on the login page of a demonstration; no account has it anywhere else, and these accounts open nothing there.
DEMONSTRATION_PASSWORD = "trama-di-prova"  # noqa: S105
