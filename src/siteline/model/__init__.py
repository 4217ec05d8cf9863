"""Values with meaning and units. Imports nothing of ours."""
