"""Files to text: which reader, in a process with limits, and what is wrong with what it gave."""
