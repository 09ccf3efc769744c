"""Figures as documents show them: numbers, dates, and the numbers of lists."""
