"""What readers get: tables, figures and documents, made from disclosed findings."""

from analysis.publication.answers import (
    show_evidence_level,
    show_families,
    show_judgement,
    show_methods,
    show_responders,
    show_sites,
)
from analysis.publication.beyond import show_supplementary
from analysis.publication.charts import show_over_time
from analysis.publication.choices import show_multiverse
from analysis.publication.compared import (
    show_compared,
    show_dose,
    show_falsification,
    show_sensitivity,
)
from analysis.publication.designs import show_design
from analysis.publication.disclosure import Disclosed, disclose
from analysis.publication.documents import (
    Link,
    check_page,
    render_index,
    render_notebook,
)
from analysis.publication.figures import Figure, Note, figure_of
from analysis.publication.findings import (
    keep_document,
    keep_figures,
    publish_findings,
    published_findings,
)
from analysis.publication.groups import show_groups
from analysis.publication.missing import (
    show_attrition,
    show_missing_data_methods,
    show_tipping,
)
from analysis.publication.people import show_coverage, show_linkage
from analysis.publication.plans import (
    keep_deviations,
    plan_sentences,
    recorded_deviations,
    show_plan,
    show_plan_check,
)
from analysis.publication.scales import (
    show_comparability,
    show_evidence,
    show_items,
    show_key_audit,
    show_reliability,
    show_retest,
    show_structure,
)
from analysis.publication.shown import (
    Shown,
    show_change,
    show_comparison,
    show_flow,
    show_followed,
    show_missing,
    show_scores,
    show_study,
)
from analysis.publication.summary import FunderSummary, funder_summary
from analysis.publication.tables import Table

__all__ = [
    "Disclosed",
    "Figure",
    "FunderSummary",
    "Link",
    "Note",
    "Shown",
    "Table",
    "check_page",
    "disclose",
    "figure_of",
    "funder_summary",
    "keep_deviations",
    "keep_document",
    "keep_figures",
    "plan_sentences",
    "publish_findings",
    "published_findings",
    "recorded_deviations",
    "render_index",
    "render_notebook",
    "show_attrition",
    "show_change",
    "show_comparability",
    "show_compared",
    "show_comparison",
    "show_coverage",
    "show_design",
    "show_dose",
    "show_evidence",
    "show_evidence_level",
    "show_falsification",
    "show_families",
    "show_flow",
    "show_followed",
    "show_groups",
    "show_items",
    "show_judgement",
    "show_key_audit",
    "show_linkage",
    "show_methods",
    "show_missing",
    "show_missing_data_methods",
    "show_multiverse",
    "show_over_time",
    "show_plan",
    "show_plan_check",
    "show_reliability",
    "show_responders",
    "show_retest",
    "show_scores",
    "show_sensitivity",
    "show_sites",
    "show_structure",
    "show_study",
    "show_supplementary",
    "show_tipping",
]
