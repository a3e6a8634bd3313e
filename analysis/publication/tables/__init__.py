"""Tables: cells of text made from disclosed findings; the only room that rounds."""

from analysis.publication.tables.answers import (
    intracluster_table,
    judgement_table,
    responder_table,
)
from analysis.publication.tables.beside import supplementary_table
from analysis.publication.tables.charts import chart_table
from analysis.publication.tables.cleaning import (
    emptied_table,
    flag_table,
    flow_table,
    missing_table,
    pattern_table,
    scrubbed_table,
)
from analysis.publication.tables.compared import (
    compared_table,
    dose_table,
    falsification_table,
    sensitivity_table,
)
from analysis.publication.tables.designs import (
    assumed_table,
    design_sentence,
    design_table,
)
from analysis.publication.tables.evidence import (
    comparability_table,
    cosmin_tables,
    structure_tables,
)
from analysis.publication.tables.families import family_table
from analysis.publication.tables.frame import (
    ABSENT,
    SUPPRESSED,
    Footnotes,
    Table,
    compact_table,
)
from analysis.publication.tables.groups import group_table
from analysis.publication.tables.keys import (
    key_tables,
)
from analysis.publication.tables.missing import attrition_table
from analysis.publication.tables.numbers import (
    MINUS,
    estimate_text,
    in_hundred_text,
    in_ten_text,
    interval_text,
    number_text,
    points_text,
)
from analysis.publication.tables.scores import (
    change_table,
    comparison_table,
    item_table,
    reliability_table,
    retest_table,
    score_table,
)
from analysis.publication.tables.sites import site_table
from analysis.publication.tables.specifications import (
    choice_words,
    specification_table,
)

__all__ = [
    "ABSENT",
    "MINUS",
    "SUPPRESSED",
    "Footnotes",
    "Table",
    "assumed_table",
    "attrition_table",
    "change_table",
    "chart_table",
    "choice_words",
    "compact_table",
    "comparability_table",
    "compared_table",
    "comparison_table",
    "cosmin_tables",
    "design_sentence",
    "design_table",
    "dose_table",
    "emptied_table",
    "estimate_text",
    "falsification_table",
    "family_table",
    "flag_table",
    "flow_table",
    "group_table",
    "in_hundred_text",
    "in_ten_text",
    "interval_text",
    "intracluster_table",
    "item_table",
    "judgement_table",
    "key_tables",
    "missing_table",
    "number_text",
    "pattern_table",
    "points_text",
    "reliability_table",
    "responder_table",
    "retest_table",
    "score_table",
    "scrubbed_table",
    "sensitivity_table",
    "site_table",
    "specification_table",
    "structure_tables",
    "supplementary_table",
]
