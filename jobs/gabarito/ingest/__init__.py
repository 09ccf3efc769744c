"""Sources in, documents out: main text, one language each, no text twice."""
