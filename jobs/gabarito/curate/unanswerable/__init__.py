"""Questions without an answer in the documents: to learn and to test refusing them."""
