"""Plain and marked-up texts, mails and books."""
