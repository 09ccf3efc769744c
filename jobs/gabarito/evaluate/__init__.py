"""Evaluate: base, adapter and merged model answer the same held-out questions."""
