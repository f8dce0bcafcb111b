"""Conditions: names, draws, factorial combinations and what their identity depends on."""

from __future__ import annotations

from dataclasses import replace

from robustrad.perturb.base import Stage
from robustrad.protocol.model import Chains, Factor, Level, Protocol
from robustrad.protocol.read import load_protocol
from robustrad.stability.observations import CHAINS
from robustrad.sweep.conditions import build_conditions

FACTORS = {
    "noise": {
        "kind": "gaussian_noise",
        "role": "acquisition",
        "draws": 2,
        "levels": {"mild": {"sd": 0.1, "severity": 1}, "strong": {"sd": 0.4, "severity": 2}},
    },
    "bins": {"kind": "fixed_bin_count", "role": "definition", "levels": {"16": {"count": 16}}},
}


def protocol(design: str = "one_at_a_time", factors: dict[str, object] | None = None) -> Protocol:
    source = {
        "name": "test",
        "modality": "any",
        "about": "For tests.",
        "references": [],
        "extraction": {
            "setting": {"binCount": 8},
            "imageType": {"Original": {}},
            "featureClass": {"firstorder": []},
        },
        "design": design,
        "factors": factors or FACTORS,
    }
    return load_protocol(source)


def names(chosen: Protocol) -> list[str]:
    return [condition.name for condition in build_conditions(chosen, definition="test")]


def test_one_at_a_time_lists_the_reference_first_and_numbers_random_draws() -> None:
    assert names(protocol()) == [
        "reference",
        "noise=mild/1",
        "noise=mild/2",
        "noise=strong/1",
        "noise=strong/2",
        "bins=16",
    ]


def test_factorial_crosses_every_factor_with_the_reference_of_the_others() -> None:
    assert names(protocol("factorial")) == [
        "reference",
        "bins=16",
        "noise=mild/1",
        "noise=mild/2",
        "noise=mild/1,bins=16",
        "noise=mild/2,bins=16",
        "noise=strong/1",
        "noise=strong/2",
        "noise=strong/1,bins=16",
        "noise=strong/2,bins=16",
    ]


def test_a_combination_takes_the_strictest_role_and_no_severity() -> None:
    found = {c.name: c for c in build_conditions(protocol("factorial"), definition="test")}
    combined = found["noise=mild/1,bins=16"]
    assert (combined.factor, combined.level, combined.role) == ("noise+bins", "mild+16", "definition")
    assert combined.severity is None
    assert [step.operator.stage for step in combined.steps] == [Stage.IMAGE, Stage.DISCRETIZE]


def test_conditions_of_one_protocol_have_distinct_fingerprints() -> None:
    found = [c.fingerprint for c in build_conditions(protocol("factorial"), definition="test")]
    assert len(set(found)) == len(found)


def test_adding_levels_and_draws_keeps_the_fingerprints_of_the_others() -> None:
    old = {c.name: c.fingerprint for c in build_conditions(protocol(), definition="test")}
    grown = {
        **FACTORS,
        "blur": {"kind": "gaussian_blur", "role": "acquisition", "levels": {"a": {"fwhm_mm": 3}}},
    }
    grown["noise"] = {**FACTORS["noise"], "draws": 3}
    new = {c.name: c.fingerprint for c in build_conditions(protocol(factors=grown), definition="test")}
    assert {name: new[name] for name in old} == old
    assert set(new) - set(old) == {"noise=mild/3", "noise=strong/3", "blur=a"}


def test_engine_definition_parameters_and_smallest_roi_change_every_fingerprint() -> None:
    base = protocol()
    first = {c.fingerprint for c in build_conditions(base, definition="one")}
    for other, definition in (
        (base, "two"),
        (replace(base, min_voxels=10), "one"),
        (replace(base, parameters=base.parameters.overridden({"binCount": 9})), "one"),
    ):
        assert first.isdisjoint(c.fingerprint for c in build_conditions(other, definition=definition))


def test_renaming_a_level_keeps_its_fingerprint_and_severity_does_not_enter() -> None:
    base = protocol()
    noise = base.factors[0]
    renamed = Factor(noise.name, noise.role, (Level("other", noise.levels[0].operator, 9.0),), noise.draws)
    new = build_conditions(replace(base, factors=(renamed,)), definition="test")
    old = build_conditions(base, definition="test")
    assert new[1].fingerprint == old[1].fingerprint


CHAINED = {
    "name": "test",
    "extraction": {"setting": {"binCount": 8}, "imageType": {"Original": {}}},
    "design": "chains",
    "chains": {"n": 12, "seed": 5},
    "factors": {
        "bins": {**FACTORS["bins"], "chance": 0.5},
        "noise": {key: value for key, value in FACTORS["noise"].items() if key != "draws"},
    },
}


def chained(n: int = 12) -> Protocol:
    return replace(load_protocol(CHAINED), chains=Chains(n, 5))


def test_chains_are_named_by_their_number_under_one_factor_after_the_reference() -> None:
    reference, *chains = build_conditions(chained(), definition="test")
    assert reference.name == "reference"
    assert [c.name for c in chains] == [f"chain_{n:03d}" for n in range(1, 13)]
    assert [c.draw for c in chains] == list(range(1, 13))
    assert {c.factor for c in chains} == {"chains"} <= set(CHAINS)
    assert {c.role for c in chains} == {"definition"}, "the strictest of the protocol, for all alike"
    assert {(c.severity, c.sign) for c in chains} == {(None, None)}
    assert {c.level for c in chains} == {
        f"{bins}noise={noise}" for bins in ("", "bins=16+") for noise in ("mild", "strong")
    }


def test_the_steps_of_a_chain_stand_in_the_order_of_stages_with_its_number_as_the_draw() -> None:
    for chain in build_conditions(chained(), definition="test")[1:]:
        noise, *bins = chain.steps
        assert (noise.factor, noise.position, noise.draw) == ("noise", 0, chain.draw)
        assert [(s.factor, s.position, s.draw) for s in bins] == (
            [("bins", 1, 0)] if "bins=16" in chain.level else []
        )
        level = chain.level.rpartition("=")[2]
        assert noise.operator.record()["sd"] == FACTORS["noise"]["levels"][level]["sd"]  # type: ignore[index]


def test_adding_chains_keeps_the_names_and_fingerprints_of_the_others() -> None:
    old = {c.name: c.fingerprint for c in build_conditions(chained(), definition="test")}
    new = {c.name: c.fingerprint for c in build_conditions(chained(40), definition="test")}
    assert {name: new[name] for name in old} == old
    assert len(set(new.values())) == 41


def test_a_chain_of_one_factor_is_the_draw_of_that_factor_alone() -> None:
    content = {**CHAINED, "factors": {"noise": CHAINED["factors"]["noise"]}}  # type: ignore[index]
    singles = protocol(factors={"noise": {**FACTORS["noise"], "draws": 12}})
    alone = {c.fingerprint for c in build_conditions(singles, definition="test")}
    same = replace(load_protocol(content), parameters=singles.parameters)
    assert {c.fingerprint for c in build_conditions(same, definition="test")} <= alone
