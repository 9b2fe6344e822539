"""Context indicators from files of strangers: how a file is read, what its columns mean, where its scale breaks."""
