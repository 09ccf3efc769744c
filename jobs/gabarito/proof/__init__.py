"""Proof: which fact of its own table bears out what a model answered."""

from gabarito.proof.fact_table import FactTable

__all__ = ["FactTable"]
