"""Evaluate whether people feel listened to."""
