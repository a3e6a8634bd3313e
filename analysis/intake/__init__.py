"""Raw exports into responses: columns, answers, pseudonyms."""

from analysis.intake.responses import (
    Received,
    Responses,
    map_responses,
    read_exports,
)

__all__ = ["Received", "Responses", "map_responses", "read_exports"]
