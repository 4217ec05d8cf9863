"""Scenes to (time, band, y, x): read, calibrate, align, mask."""
