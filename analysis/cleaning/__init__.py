"""Clean and score responses, and count the participant flow."""
