"""The only room that knows folders and file formats."""
