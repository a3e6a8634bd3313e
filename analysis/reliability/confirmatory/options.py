"""The options of a factor model: which there are, and which go together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from analysis.reliability.confirmatory.statements import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

Estimator: TypeAlias = Literal["ml", "mlr", "wlsmv"]
Missing: TypeAlias = Literal["fiml", "listwise", "pairwise"]
Identification: TypeAlias = Literal["variance", "marker"]


def check_options(
    estimator: str,
    missing: Missing | None,
    categories: Sequence[float] | None,
    identification: str,
    confidence: float,
) -> Missing:
    """Refuse options no data could mend; the rule for missing answers."""
    percent(confidence)
    for name, given, known in (
        ("estimator", estimator, get_args(Estimator)),
        ("missing", missing or "fiml", get_args(Missing)),
        ("identification", identification, get_args(Identification)),
    ):
        if given not in known:
            raise ValueError(f"{name} is {given!r}; give one of {', '.join(known)}")
    ordinal = estimator == "wlsmv"
    if ordinal != (categories is not None):
        raise ValueError("give categories with estimator 'wlsmv', and only then")
    if categories is not None and len(set(categories)) < 2:
        raise ValueError("categories must hold at least two different answers")
    known_rules = ("pairwise", "listwise") if ordinal else ("fiml", "listwise")
    rule: Missing = missing or ("pairwise" if ordinal else "fiml")
    if rule not in known_rules:
        raise ValueError(
            f"missing is {rule!r}; estimator {estimator!r} knows "
            + " and ".join(known_rules)
        )
    return rule
