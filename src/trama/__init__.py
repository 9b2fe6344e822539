"""Trama: the information system of community social work (lavoro di comunità)."""

__version__ = "0.1.0"
