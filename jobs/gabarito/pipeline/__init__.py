"""The pipeline: its settings, its runs, and how its stages are run on one machine."""
