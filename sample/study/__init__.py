"""The study: one pipeline, changed arm by arm, run with several seeds, and compared."""
