"""Web pages: their tree as blocks, and their main part."""
