"""Dependability."""
