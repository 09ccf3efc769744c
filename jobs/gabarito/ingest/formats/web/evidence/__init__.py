"""What tells the text of a web page from what stands around it or is hidden."""
