"""Who is missing, how much it can matter, and answers that allow for it."""
