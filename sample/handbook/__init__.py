"""The real sample: pages of a handbook that nobody here wrote, and a base trained on real text."""
