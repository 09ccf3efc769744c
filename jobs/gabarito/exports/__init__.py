"""A model as files for other programs, each form read back before it counts as written."""
