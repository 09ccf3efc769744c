"""Documents in, a small language model that knows what they say out."""

__version__ = "0.1.0"
