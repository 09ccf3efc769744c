"""Pairs of question and answer that people have already: tables of rows to pairs."""
