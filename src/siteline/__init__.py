"""siteline."""
