"""Disclosure control: nothing about too few people leaves."""

from analysis.publication.disclosure.control import Disclosed, disclose
from analysis.publication.disclosure.losses import suppress_attrition_counts

__all__ = ["Disclosed", "disclose", "suppress_attrition_counts"]
