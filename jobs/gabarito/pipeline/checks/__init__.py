"""What ``gabarito check`` tries before a run."""
