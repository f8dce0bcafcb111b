"""The plan: what is there is reused, what failed is tried again only when asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from robustrad.sweep.conditions import Condition, build_conditions
from robustrad.sweep.plan import build_plan
from robustrad.sweep.store import Part
from robustrad.sweep.tasks import CaseRef, build_tasks
from tests.sweep.test_conditions import FACTORS, protocol

CASES = tuple(CaseRef(name, "PT", "/i", "/m", 1, "t row", f"content-{name}") for name in "ab")


def conditions(draws: int = 2) -> tuple[Condition, ...]:
    factors = {**FACTORS, "noise": {**FACTORS["noise"], "draws": draws}}
    return build_conditions(protocol(factors=factors), definition="test")


def part(case: CaseRef, held: list[Condition], *, failed: int = 0, name: str = "p") -> Part:
    prints = tuple(c.fingerprint for c in held)
    return Part(Path(f"/parts/{name}.parquet"), case.case_id, case.content, prints, prints[:failed])


def test_a_task_is_one_case_with_one_image_variant() -> None:
    tasks = build_tasks(CASES[0], conditions())
    assert [[c.name for c in task.conditions] for task in tasks] == [
        ["reference", "bins=16"],
        ["noise=mild/1"],
        ["noise=mild/2"],
        ["noise=strong/1"],
        ["noise=strong/2"],
    ]


def test_an_empty_folder_leaves_everything_to_do() -> None:
    plan = build_plan(CASES, conditions(), [])
    assert plan.missing == 12
    assert len({task.key for task in plan.tasks}) == len(plan.tasks) == 10


def test_what_is_there_is_reused_when_cases_and_draws_are_added() -> None:
    few, more = conditions(2), conditions(3)
    parts = [part(CASES[0], list(task.conditions), name=task.key) for task in build_tasks(CASES[0], few)]
    plan = build_plan(CASES, more, parts)
    left = [(task.case.case_id, [c.name for c in task.conditions]) for task in plan.tasks]
    assert left[:2] == [("a", ["noise=mild/3"]), ("a", ["noise=strong/3"])]
    assert all(case == "b" for case, _ in left[2:])


def test_a_case_whose_files_changed_is_computed_again() -> None:
    parts = [part(CASES[0], list(conditions()))]
    assert build_plan(CASES[:1], conditions(), parts).missing == 0
    changed = replace(CASES[0], content="other")
    assert build_plan([changed], conditions(), parts).missing == len(conditions())


def test_failed_parts_are_kept_unless_a_retry_is_asked_for() -> None:
    (task, *_) = build_tasks(CASES[0], conditions())
    parts = [part(CASES[0], list(task.conditions), failed=1, name=task.key)]
    assert task.key not in {t.key for t in build_plan(CASES[:1], conditions(), parts).tasks}
    retried = build_plan(CASES[:1], conditions(), parts, retry_failed=True).tasks[0]
    assert retried.key == task.key
    assert retried.supersedes == (task.key,)


def test_a_good_result_wins_over_a_failed_one_of_the_same_unit() -> None:
    held = list(conditions())
    bad, good = part(CASES[0], held, failed=len(held), name="bad"), part(CASES[0], held, name="good")
    for order in ([bad, good], [good, bad]):
        done = build_plan(CASES[:1], conditions(), order).done
        assert {p.path.stem for p in done.values()} == {"good"}
