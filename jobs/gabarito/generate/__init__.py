"""Generate: documents in, facts with their quotes and questions in many wordings out."""
