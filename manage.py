#!/usr/bin/env python
"""The command line of Trama, from a checkout."""

from trama.config.command_line import main

if __name__ == "__main__":
    main()
