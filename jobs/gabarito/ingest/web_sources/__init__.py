"""Sources on the web: what they list, and how its pages are fetched."""
