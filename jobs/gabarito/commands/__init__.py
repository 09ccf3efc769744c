"""What each command does with its arguments; the work itself lies elsewhere."""
