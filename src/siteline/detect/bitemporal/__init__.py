"""Changes between two scenes, where there are too few for a series."""
