"""Disclosure control: nothing about too few people leaves."""
