"""The sample: pages, recorded teacher, base model and pipeline of the demonstration."""
