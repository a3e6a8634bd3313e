"""Reliability figures."""
