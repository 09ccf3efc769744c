"""What ``gabarito show`` lists of a run."""
