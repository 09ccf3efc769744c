"""Pictures of text to text, by the program Tesseract."""
