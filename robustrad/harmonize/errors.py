"""What harmonization tells its user: errors that can be mended, and warnings with a name."""

from __future__ import annotations

from robustrad.core.errors import DataError


class HarmonizationError(DataError, ValueError):
    """A table, batch or covariate that ComBat cannot use; also a ValueError, as scikit-learn expects."""


class HarmonizationWarning(UserWarning):
    """The result is usable, but not in the way that was asked for."""


class OptimisticWarning(HarmonizationWarning):
    """What follows was fitted on the patients, or on the outcome, that it will be judged by."""
