"""Responses into clean, scored responses, with the participant flow."""

from analysis.cleaning.key_audit import KeyAudit, key_audit, key_audit_findings
from analysis.cleaning.rules import (
    FRAME_COLUMNS,
    RULES,
    Cleaned,
    clean_responses,
    clean_wave,
    flow_findings,
)
from analysis.cleaning.scoring import (
    keyed_responses,
    score_responses,
    score_subscale,
    score_subscales,
    score_wave,
)

__all__ = [
    "FRAME_COLUMNS",
    "RULES",
    "Cleaned",
    "KeyAudit",
    "clean_responses",
    "clean_wave",
    "flow_findings",
    "key_audit",
    "key_audit_findings",
    "keyed_responses",
    "score_responses",
    "score_subscale",
    "score_subscales",
    "score_wave",
]
