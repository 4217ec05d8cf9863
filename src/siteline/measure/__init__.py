"""Structures in scenes as numbers: footprint against controls, scene by scene."""
