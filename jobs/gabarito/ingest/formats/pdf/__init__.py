"""PDF files: letters in boxes, put together to blocks."""
