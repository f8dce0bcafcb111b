"""The order of remedies, and the sentence of each row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from robustrad.drift.sites.compare import NO_DRIFT, RECOVERY_OK
from robustrad.drift.sites.disjoint_rows import DISJOINT, NULL
from robustrad.drift.sites.new_site_rows import EXPERIMENT as NEW_SITE
from robustrad.drift.sites.paired_rows import EXPERIMENT as PAIRED
from robustrad.drift.sites.ranking import ranked, sentence
from robustrad.drift.sites.results import SEEN, UNSEEN
from robustrad.drift.sites.rows import Row, blank


def row(remedy: str, after: float, *, experiment: str = PAIRED, scope: str = UNSEEN, **more: object) -> Row:
    usual = {
        "auc_reference": 0.8, "auc_before": 0.6, "auc_after": after, "auc_after_low": after - 0.1,
        "auc_after_high": after + 0.1, "drift_high": 0.05, "cost_patients": 0.0,
    }  # fmt: skip
    return blank(experiment, remedy, scope, "ok") | usual | more


def test_the_best_unseen_row_is_first_and_rows_that_cannot_win_have_no_rank() -> None:
    rng = np.random.default_rng(0)
    rows = [
        row("none", 0.6),
        row("combat", 0.7, scope=SEEN),  # it learns from sites alone: seen is its headline
        row("icc_filter_0.5", 0.9, scope=SEEN),
        row("icc_filter_0.5", 0.75),
        row("augmentation", np.nan),
        row("zscore", 0.7, scope=SEEN),
    ]
    for _ in range(5):
        table = ranked([rows[i] for i in rng.permutation(len(rows))])
        # 0.9 was seen, so it has no rank; equals stand by name.
        assert table["remedy"].tolist()[:4] == ["icc_filter_0.5", "combat", "zscore", "none"]
        assert table["rank"].tolist()[:4] == [1, 2, 3, 4]
        assert table["scope"][0] == UNSEEN
        assert table["rank"][4:].isna().all()


def test_rounding_does_not_decide_a_rank() -> None:
    table = ranked([row("zscore", 0.1 + 0.2), row("combat", 0.3)])
    assert table["remedy"].tolist() == ["combat", "zscore"]


def test_experiments_keep_their_order_and_without_signal_nothing_is_better() -> None:
    rows = [row("none", 0.5, experiment=NULL), row("combat", 0.6, experiment=NULL), row("none", 0.7)]
    table = ranked(rows)
    assert table["experiment"].tolist() == [NULL, NULL, PAIRED]
    np.testing.assert_array_equal(table["rank"], [np.nan, np.nan, 1.0])
    pd.testing.assert_series_equal(
        table["sentence"], pd.Series([sentence(one) for one in rows], name="sentence"), check_dtype=False
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (row("none", 0.6, drift_high=-0.1), "the AUC would have fallen from 0.80 to 0.60."),
        (row("none", 0.6, drift_high=0.1), "the AUC would have gone from 0.80 to 0.60."),
        (row("none", 0.6, experiment=DISJOINT, auc_reference=np.nan), "as it is has an AUC of 0.60."),
        (
            row("combat", 0.7, experiment=NEW_SITE, cost_patients=20.0, recovery_status=NO_DRIFT),
            "of its patients, the AUC would have been 0.70 instead of 0.60; there was no drift to recover.",
        ),
        (
            row("zscore", 0.7, recovery=0.5, recovery_low=0.25, recovery_high=0.75,
                recovery_status=RECOVERY_OK),
            "the AUC would have been 0.70 instead of 0.60: 50% of the loss recovered [25%, 75%].",
        ),
        (row("none", 0.5, experiment=NULL), "none has an AUC of 0.500 within sites, as it must be."),
        (row("combat", 0.65, experiment=NULL), "which is an artefact: the remedy lets something leak."),
        (blank(PAIRED, "combat", UNSEEN, "sites too small"), "combat: no result (sites too small)."),
    ],
)  # fmt: skip
def test_a_sentence_says_the_numbers_of_its_row(given: Row, told: str) -> None:
    assert sentence(given).endswith(told)


def test_a_time_to_event_has_a_c() -> None:
    assert sentence(row("none", 0.6, experiment=DISJOINT, auc_reference=np.nan), "C").endswith("a C of 0.60.")
