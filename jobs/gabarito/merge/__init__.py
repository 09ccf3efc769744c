"""Merge: the adapter becomes part of the base's weights."""
