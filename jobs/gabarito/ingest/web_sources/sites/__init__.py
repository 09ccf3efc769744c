"""Sources that are found page by page: listings and wikis."""
