"""Observations in; states, brackets and posteriors out."""
