"""Mixed."""
