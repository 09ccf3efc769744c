"""Comparing answers: what is left of a text when spelling habits are taken away."""

from gabarito.answer_match.answer_key import AnswerKey, Expected
from gabarito.answer_match.matching import is_match, is_within
from gabarito.answer_match.normal_form import normalise

__all__ = ["AnswerKey", "Expected", "is_match", "is_within", "normalise"]
