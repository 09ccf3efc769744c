"""Spreadsheets and tables of values, each cell as a person sees it."""
