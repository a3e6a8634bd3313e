"""Invariance."""
