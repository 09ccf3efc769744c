"""One reader for each format: ``read(data, hints) -> Page``."""
