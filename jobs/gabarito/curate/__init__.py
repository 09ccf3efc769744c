"""Curate: facts and questions in, a dataset out whose test wordings are never trained."""
