"""What to say when a feature has no variation, no signal or too few subjects.

==============  ==================================================  ==========================================
status          situation                                           numbers
==============  ==================================================  ==========================================
ok              nothing of the below                                as computed
partial         some subjects dropped, at most 20 %                 from the complete subjects
insufficient    n < 5, k < 2, or more than 20 % dropped             NaN
extreme         values that cannot be computed with (1e160)         NaN; for the feature everywhere
constant        total SD <= 1e-9 of the largest absolute value      ICC NaN, outside counts and models
invariant       within-subject SD <= that, subjects differ          ICC and limits 1 by convention
no_signal       no variance between subjects beyond the noise       negative estimate kept, class poor
==============  ==================================================  ==========================================

The first that holds wins in the order extreme, insufficient, constant, invariant, no_signal, partial, ok.
Zero tests would not do: twenty-five copies of one float can leave a variance of 1e-32.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustrad.core import extremes
from robustrad.stability.anova import MeanSquares

Text = NDArray[Any]

OK, PARTIAL, CONSTANT, INVARIANT = "ok", "partial", "constant", "invariant"
NO_SIGNAL, INSUFFICIENT, NOT_RATIO_SCALE = "no_signal", "insufficient", "not_ratio_scale"
EXTREME = extremes.EXTREME
CLASSIFIABLE = (OK, PARTIAL, NO_SIGNAL)

MIN_SUBJECTS = 5
MAX_DROPPED = 0.20
FEW_SUBJECTS = 20
RELATIVE_TOLERANCE = 1e-9


def enough(n: int, k: int, n_dropped: int) -> bool:
    """Return whether ``n`` complete subjects of ``n + n_dropped`` and ``k`` conditions give a number."""
    return n >= MIN_SUBJECTS and k >= 2 and n_dropped <= MAX_DROPPED * (n + n_dropped)


def judge(squares: MeanSquares, n_dropped: int, *, one_way: bool = False) -> Text:
    """Return the status of each feature of a complete table.

    Parameters
    ----------
    squares : MeanSquares
        Of the complete subjects.
    n_dropped : int
        Subjects dropped from it.
    one_way : bool, default False
        Judge the signal by MSR <= MSW (draws nested in a subject) instead of MSR <= MSE.

    Returns
    -------
    ndarray of object, shape (p_features,)
    """
    tolerance = RELATIVE_TOLERANCE * squares.scale
    status = np.full(squares.rows.shape, PARTIAL if n_dropped else OK, dtype=object)
    if not enough(squares.n, squares.k, n_dropped):
        status[:] = INSUFFICIENT
        return status
    status[squares.rows <= (squares.within if one_way else squares.error)] = NO_SIGNAL
    status[squares.within_sd <= tolerance] = INVARIANT
    status[squares.total_sd <= tolerance] = CONSTANT
    return status
