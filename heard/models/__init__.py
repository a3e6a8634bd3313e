"""Models that psychometrics and effects share.

Each name is imported from its module when it is first used, so that one statistic costs
one module.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
