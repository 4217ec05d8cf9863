"""Where scenes come from: one file per kind of source; whether a search is complete; duplicates."""
