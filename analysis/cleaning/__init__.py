"""Responses into clean, scored responses, with the participant flow."""

from analysis.cleaning.flow import (
    FRAME_COLUMNS,
    Cleaned,
    Flow,
    cleaning_findings,
    flow_findings,
    ledger_frame,
)
from analysis.cleaning.key_audit import KeyAudit
from analysis.cleaning.key_findings import key_audit, key_audit_findings
from analysis.cleaning.missing import (
    MissingData,
    estimate_moments,
    missing_data,
    missing_findings,
)
from analysis.cleaning.patterns import pattern_counts
from analysis.cleaning.rules import (
    FLAG_RULES,
    RULES,
    clean_responses,
    clean_wave,
)
from analysis.cleaning.scoring import (
    keyed_responses,
    score_responses,
    score_subscale,
    score_subscales,
    score_wave,
)

__all__ = [
    "FLAG_RULES",
    "FRAME_COLUMNS",
    "RULES",
    "Cleaned",
    "Flow",
    "KeyAudit",
    "MissingData",
    "clean_responses",
    "clean_wave",
    "cleaning_findings",
    "estimate_moments",
    "flow_findings",
    "key_audit",
    "key_audit_findings",
    "keyed_responses",
    "ledger_frame",
    "missing_data",
    "missing_findings",
    "pattern_counts",
    "score_responses",
    "score_subscale",
    "score_subscales",
    "score_wave",
]
