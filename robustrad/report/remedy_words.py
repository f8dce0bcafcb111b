"""What remedies and experiments are called in a report."""

from __future__ import annotations

from robustrad.report.sheets import Sheet

NONE, UNSEEN = "none", "unseen"
EXPERIMENTS = {
    "E3 new site": ("new_site", "A new site that the model has never met."),
    "E1 paired": ("paired", "The same patients measured at other places: an upper bound."),
    "E2 disjoint": ("disjoint", "Several known sites, each with its own patients."),
    "E4 null": ("null", "Without any signal: what a remedy makes of nothing."),
    "E4 shuffled": ("shuffled", "Control images: what is left where the texture was destroyed."),
}
"""Short name and title of each experiment, in the order in which a reader asks."""

ABOUT = {
    "none": "The model as it is: what the others are compared with",
    "zscore": "Each feature centered and scaled within its site",
    "combat": "ComBat: location and scale of each site, shrunk over the features",
    "combat_no_eb": "ComBat without shrinkage",
    "combat_ref": "ComBat toward one reference site",
    "combat_bootstrap": "ComBat, estimates averaged over bootstrap samples",
    "icc_filter": "Only features whose ICC limit on training patients is above the number",
    "augmentation": "Trained on perturbed copies of the training patients as well",
    "test_time_averaging": "Predictions averaged over the draws of a level",
    "volume_adjustment": "What volume explains is taken out of each feature",
}


def meaning(remedy: str) -> str:
    """Return what a remedy does in a few words; empty for one that is not ours."""
    told = []
    for part in remedy.split("+"):
        known = ABOUT.get(part) or next(
            (text for name, text in ABOUT.items() if part.startswith(f"{name}_")), ""
        )
        told += [known] if known else []
    return "; then: ".join(told)


def experiments(sheet: Sheet) -> list[str]:
    """Return the experiments of a table of remedies, in the order in which a reader asks."""
    found = list(dict.fromkeys(sheet.frame["experiment"].astype(str)))
    place = list(EXPERIMENTS)
    return sorted(found, key=lambda name: place.index(name) if name in place else len(place))


def short(experiment: str) -> str:
    """Return the name of an experiment for files and anchors."""
    known = EXPERIMENTS.get(experiment)
    return known[0] if known else experiment.lower().replace(" ", "_")


def title(experiment: str) -> str:
    """Return what an experiment asks."""
    known = EXPERIMENTS.get(experiment)
    return known[1] if known else f"{experiment}."
