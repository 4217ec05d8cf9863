"""Changes in pixels: found, dated, sized, and how far to trust it."""
