"""Item response."""
