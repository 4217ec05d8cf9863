"""Scenes and histories with known truth: to try the software without data, and to measure it."""
