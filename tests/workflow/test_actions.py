"""What a finding was made from is named in a word that a reader can trace."""

from __future__ import annotations

from conftest import Project

from analysis.storage.whole_files import write_json
from analysis.workflow.actions import _provenance
from analysis.workflow.receipts import receipt_file
from analysis.workflow.steps import Step


def test_every_raw_file_is_named_and_no_processed_one(project: Project) -> None:
    """A raw file in a folder of its study's folder is a raw file all the same."""
    inputs = {
        "staff.csv": project.raw / "study" / "staff.csv",
        "autumn/staff.csv": project.raw / "study" / "autumn" / "staff.csv",
        "before/staff.scores.parquet": project.processed / "study" / "x.parquet",
    }
    step = Step(
        name="cleaning-before",
        kind="cleaning",
        title="Cleaning",
        study="study",
        inputs=inputs,
        declared="d" * 64,
    )
    digests = dict(zip(inputs, ("a" * 64, "b" * 64, "c" * 64), strict=True))
    write_json(receipt_file(step), {"notebook": "e" * 64, "inputs": digests})
    assert _provenance(step) == "; ".join(
        (
            "cleaning-before",
            "notebook " + "e" * 12,
            "declaration " + "d" * 12,
            "staff.csv " + "a" * 12,
            "autumn/staff.csv " + "b" * 12,
        )
    )
