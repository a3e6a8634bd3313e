"""Responses into clean, scored responses, with the participant flow."""
