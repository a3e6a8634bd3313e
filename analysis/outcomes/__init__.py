"""What changed, and for whom: scores described, changes and arms compared."""
