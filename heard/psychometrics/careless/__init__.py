"""Careless."""
