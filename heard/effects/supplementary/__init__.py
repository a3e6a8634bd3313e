"""Supplementary."""
