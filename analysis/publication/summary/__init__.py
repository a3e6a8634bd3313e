"""The one page a funder reads."""
