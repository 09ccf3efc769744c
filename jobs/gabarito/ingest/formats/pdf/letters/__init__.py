"""The letters and words of a page, whatever its fonts call them."""
