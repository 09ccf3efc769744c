"""The report's page: one file that opens anywhere, without a network."""

from gabarito.evaluate.report_page.render import render

__all__ = ["render"]
