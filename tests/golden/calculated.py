"""Compute every statistic of a study in this process, and write them as JSON.

    python tests/golden/calculated.py STUDY FILE

The folders are those of the environment. Numbers are written as they are calculated,
before they are rounded for publication, and before disclosure control.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.cleaning.flow import cleaning_findings
from analysis.cleaning.rules import clean_wave
from analysis.cleaning.scoring import score_wave
from analysis.intake.linkage import link_study, read_linked_exports
from analysis.intake.responses import map_responses, read_exports
from analysis.intake.roster import read_roster
from analysis.outcomes.comparability import judge_comparability
from analysis.outcomes.comparison_designs import evaluate_comparisons
from analysis.outcomes.coverage import evaluate_coverage
from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.outcomes.missing_data import evaluate_missing
from analysis.outcomes.multiverse import evaluate_multiverse
from analysis.outcomes.retest import evaluate_retest
from analysis.outcomes.subgroups import evaluate_groups
from analysis.outcomes.supplementary_measures import evaluate_supplementary
from analysis.reliability.comparability import evaluate_comparability
from analysis.reliability.staff_means import evaluate_staff_means
from analysis.reliability.waves import evaluate_reliability
from analysis.storage.declared import read_study
from analysis.storage.rows import (
    read_all_responses,
    read_all_scores,
    read_links,
    read_wave_responses,
    write_links,
    write_processed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.foundation.findings import Finding


def statistics(name: str) -> Iterator[Finding]:
    """Every finding of a study, page by page; its processed rows are kept."""
    study = read_study(name)
    for wave in study.wave_names():
        declared = study.narrowed(wave)
        cleaned = clean_wave(map_responses(read_exports(declared, wave)))
        yield from cleaning_findings(cleaned, declared)
        write_processed(name, wave, score_wave(cleaned, declared))
    responses = read_all_responses(study)
    linked = link_study(read_linked_exports(study), responses, study)
    yield from linked.findings
    write_links(study, linked.links)
    reliability = tuple(
        finding
        for wave in study.wave_names()
        for finding in evaluate_reliability(
            read_wave_responses(study.narrowed(wave), wave), study.narrowed(wave), wave
        )
    )
    yield from reliability
    scores = read_all_scores(study)
    meaning = evaluate_comparability(responses, study)
    comparability = (
        *meaning,
        *judge_comparability(
            meaning, scores, responses, study, links=read_links(study)
        ),
    )
    yield from comparability
    yield from evaluate_retest(scores, study, links=read_links(study))
    judged: dict[str, Any] = {
        "links": read_links(study),
        "comparability": comparability,
        "reliability": reliability,
    }
    yield from evaluate_outcomes(scores, study, **judged)
    yield from evaluate_supplementary(scores, study, **judged)
    yield from evaluate_missing(scores, study, **judged)
    yield from evaluate_groups(scores, study, responses_by_wave=responses, **judged)
    yield from evaluate_comparisons(scores, study, **judged)
    yield from evaluate_multiverse(responses, study, **judged)
    yield from evaluate_coverage(responses, read_roster(study), study)
    yield from evaluate_staff_means(responses, study)


def main(name: str, file: str) -> None:
    """Write every finding of a study to a file."""
    records = [dataclasses.asdict(finding) for finding in statistics(name)]
    Path(file).write_text(json.dumps(records), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
