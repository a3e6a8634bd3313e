"""Reliability: keyed responses to one subscale in, coefficients with their n out.

One sub-package a subject: ``structure`` (correlations, dimensions, exploratory
factors), ``confirmatory``, ``invariance``, ``agreement`` (raters, teams, occasions),
``change``, ``dependability`` (variance components, decisions about raters).
"""
