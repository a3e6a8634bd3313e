"""What was measured, declared before the data arrive: instruments and studies."""

from analysis.declarations.instrument import Coding, Instrument, Item, Subscale
from analysis.declarations.instrument_file import parse_instrument
from analysis.declarations.study import Outcome, Study, Wave
from analysis.declarations.study_file import parse_study
from analysis.declarations.survey import Export

__all__ = [
    "Coding",
    "Export",
    "Instrument",
    "Item",
    "Outcome",
    "Study",
    "Subscale",
    "Wave",
    "parse_instrument",
    "parse_study",
]
