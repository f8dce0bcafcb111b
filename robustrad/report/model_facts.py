"""What a drift run says of itself: what was fitted and what was given, its margin, the checks made."""

from __future__ import annotations

from typing import Any

from robustrad.report.holdings import Holdings

MARGIN = 0.05  # what robustrad takes where the user sets none
FROZEN = "none"  # what a frozen model was trained on, here


def fitted_models(holdings: Holdings) -> list[str]:
    """Return the models that the run trained, in its order."""
    frame = holdings.frame("drift")
    return [] if frame.empty else names_of(frame.loc[frame["train"].ne(FROZEN), "model"])


def given_models(holdings: Holdings) -> list[str]:
    """Return the scores and models that came finished and were only evaluated."""
    frame = holdings.frame("drift")
    return [] if frame.empty else names_of(frame.loc[frame["train"].eq(FROZEN), "model"])


def score_column(record: dict[str, Any]) -> str:
    """Return the column of scores that the run evaluated; empty where it ran models."""
    return option(record, "--score")


def option(record: dict[str, Any], name: str) -> str:
    """Return what the user gave as option ``name``; empty where that was not recorded."""
    options = record.get("options")
    if not isinstance(options, list) or name not in options[:-1]:
        return ""
    return str(options[options.index(name) + 1])


def margin_words(record: dict[str, Any], statistic: str = "AUC") -> str:
    """Return the margin and where it comes from: ``0.05 AUC (robustrad's default)``."""
    margin = float(record.get("margin", MARGIN))
    source = "robustrad's default" if margin == MARGIN else "set by the user"
    return f"{margin:g} {statistic} ({source})"


def checks(holdings: Holdings) -> set[str]:
    """Return the safeguards that gave a number."""
    frame = holdings.frame("safeguards")
    return set() if frame.empty else set(frame.loc[frame["value"].notna(), "check"])


def names_of(values: Any) -> list[str]:
    """Return the different values of a column as text, in their order."""
    return list(dict.fromkeys(values.astype(str)))
