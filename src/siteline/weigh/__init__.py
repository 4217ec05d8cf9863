"""Events, claims, hypotheses and likelihood words."""
