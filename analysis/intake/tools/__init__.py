"""A survey tool's own shape into one header row and one row a response."""
