"""Disclosure control: nothing about too few people leaves."""

from analysis.publication.disclosure.control import Disclosed, disclose
from analysis.publication.disclosure.losses import without_losses

__all__ = ["Disclosed", "disclose", "without_losses"]
