"""Documents that say the same, and versions of one document: which of them stay."""
