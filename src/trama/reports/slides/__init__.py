"""A report as slides: one finding on each, made from the same blocks as the paper (PDF 16:9 and PPTX)."""
