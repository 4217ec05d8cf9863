"""Images of a case's site: found, chosen, fetched, loaded, shown. What ``flow`` does before anything is dated."""
