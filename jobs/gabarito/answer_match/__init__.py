"""Comparing answers: what is left of a text when spelling habits are taken away."""

from gabarito.answer_match.matching import is_match, is_within, normalise

__all__ = ["is_match", "is_within", "normalise"]
