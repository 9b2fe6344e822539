"""Context indicators as pages, maps, series and files: what was asked, what is known of it, how it is said."""
