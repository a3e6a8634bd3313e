"""Confirmatory."""
