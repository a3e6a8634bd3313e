"""Agreement: ratings of the same targets in, how far raters or occasions agree out."""

from analysis.reliability.agreement.cells import (
    AgreementCell,
    AgreementCells,
    agreement_cells,
)
from analysis.reliability.agreement.chance_corrected import (
    fleiss_kappa,
    gwet_agreement,
    krippendorff_alpha,
)
from analysis.reliability.agreement.intraclass import (
    IntraclassCorrelations,
    intraclass_correlations,
)
from analysis.reliability.agreement.two_occasions import (
    LimitsOfAgreement,
    concordance_correlation,
    limits_of_agreement,
)
from analysis.reliability.agreement.two_raters import weighted_kappa
from analysis.reliability.agreement.within_group import (
    GroupAgreement,
    WithinGroupAgreement,
    within_group_agreement,
)

__all__ = [
    "AgreementCell",
    "AgreementCells",
    "GroupAgreement",
    "IntraclassCorrelations",
    "LimitsOfAgreement",
    "WithinGroupAgreement",
    "agreement_cells",
    "concordance_correlation",
    "fleiss_kappa",
    "gwet_agreement",
    "intraclass_correlations",
    "krippendorff_alpha",
    "limits_of_agreement",
    "weighted_kappa",
    "within_group_agreement",
]
