"""Spreadsheets of anybody as records: what their columns mean, what each row would do, and the doing of it."""
