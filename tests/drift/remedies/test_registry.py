from __future__ import annotations

import pytest

from robustrad.core import entries
from robustrad.core.errors import DataError
from robustrad.drift.remedies.base import PERTURBATIONS, SITES, FittedRemedy, Remedy, Training
from robustrad.drift.remedies.registry import all_remedies, choose, classes, find


def test_all_means_every_remedy_of_the_issue_and_pairs() -> None:
    names = [remedy.name for remedy in all_remedies()]
    wanted = [
        "none", "zscore", "combat", "combat_no_eb", "combat_ref", "combat_bootstrap", "icc_filter_0.5",
        "icc_filter_0.75", "icc_filter_0.9", "icc_filter_0.95", "augmentation", "test_time_averaging",
        "volume_adjustment", "icc_filter_0.75+combat",
    ]  # fmt: skip
    assert not set(wanted) - set(names)
    assert len(names) == len(set(names))


def test_every_remedy_is_found_by_its_own_name() -> None:
    for remedy in all_remedies():
        assert find(remedy.name).name == remedy.name


def test_a_pair_learns_from_what_either_learns_from() -> None:
    pair = find("icc_filter_0.8+combat_ref+test_time_averaging")
    assert pair.learns_from == {PERTURBATIONS, SITES}
    assert pair.averages_draws


def test_none_is_always_compared_with() -> None:
    assert [remedy.name for remedy in choose("combat")] == ["none", "combat"]


@pytest.mark.parametrize(("word", "help_"), [("combta", "combat"), ("icc_filter_7", "between 0 and 1")])
def test_an_unknown_name_is_helped(word: str, help_: str) -> None:
    with pytest.raises(DataError, match=help_):
        choose(f"none,{word}")


def test_a_third_partys_class_comes_through_the_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        value = "tests.drift.remedies.third_party"

    def points(group: str) -> list[Point]:
        assert group == "robustrad.remedies"
        return [Point()]

    monkeypatch.setattr(entries, "entry_points", points)
    classes.cache_clear()
    try:
        assert find("clip").name == "clip"
    finally:
        classes.cache_clear()


def test_a_remedy_that_changes_nothing_needs_no_more_than_a_name_and_fit() -> None:
    class Plain(Remedy):
        @property
        def name(self) -> str:
            return "plain"

        def fit(self, training: Training) -> FittedRemedy:  # noqa: ARG002
            return FittedRemedy()  # learns nothing

    assert Plain().variants()[0].parse("plain") is not None
