"""Word files: a walk of their XML."""
