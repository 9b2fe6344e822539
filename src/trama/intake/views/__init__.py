"""Ways in by the browser, one file per theme."""
