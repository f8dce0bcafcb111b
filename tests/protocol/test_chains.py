"""The design ``chains``: what is drawn, what it depends on, and what is refused."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from robustrad.core.errors import ProtocolError
from robustrad.protocol.builtin import describe
from robustrad.protocol.chains import draw_chains
from robustrad.protocol.model import Chains, Factor, count_conditions
from robustrad.protocol.read import from_resolved, load_protocol

NOISE = {
    "kind": "gaussian_noise",
    "role": "acquisition",
    "levels": {"mild": {"sd": 1, "severity": 1}, "strong": {"sd": 2, "severity": 2}},
}
BLUR = {
    "kind": "gaussian_blur",
    "role": "acquisition",
    "levels": {f"{n}mm": {"fwhm_mm": n, "severity": n} for n in (2, 4, 6, 8)},
}
SIZE = {"kind": "voxel_size", "role": "definition", "levels": {"3mm": {"spacing_mm": [3, 3, 3]}}}


def source(n: int = 30, *, seed: int = 0, **factors: object) -> dict[str, object]:
    chosen = factors or {"noise": NOISE, "blur": {**BLUR, "chance": 0.7}, "size": {**SIZE, "chance": 0.5}}
    return {
        "name": "c",
        "extraction": "quick",
        "design": "chains",
        "chains": {"n": n, "seed": seed},
        "factors": chosen,
    }


def factors(**chosen: object) -> tuple[Factor, ...]:
    return load_protocol(source(1, **chosen)).factors


def names(drawn: tuple[tuple[tuple[Factor, object], ...], ...]) -> list[dict[str, str]]:
    return [{factor.name: level.name for factor, level in chain} for chain in drawn]


def told(content: dict[str, object]) -> list[str]:
    with pytest.raises(ProtocolError) as caught:
        load_protocol(content)
    return [str(problem) for problem in caught.value.problems]


def test_levels_are_equally_likely_and_factors_act_with_their_chance_independently() -> None:
    chosen = factors(noise=NOISE, blur={**BLUR, "chance": 0.7})
    drawn = names(draw_chains(chosen, Chains(4000)))
    assert all("noise" in chain for chain in drawn)
    count = Counter((chain["noise"], chain.get("blur")) for chain in drawn)
    for (_, blur), found in count.items():  # 2 x 5 cells; 4.5 SD of a binomial, for ten comparisons
        expected = 0.5 * (0.3 if blur is None else 0.7 / 4)
        assert abs(found / 4000 - expected) < 4.5 * (expected * (1 - expected) / 4000) ** 0.5
    assert len(count) == 10


def test_more_chains_keep_the_first_ones_and_another_seed_draws_others() -> None:
    chosen = load_protocol(source()).factors
    few, many, other = (names(draw_chains(chosen, c)) for c in (Chains(10), Chains(60), Chains(60, seed=1)))
    assert many[:10] == few
    assert other != many


def test_what_a_chain_does_with_a_factor_does_not_depend_on_the_other_factors() -> None:
    alone, beside = factors(noise=NOISE, blur=BLUR), factors(size=SIZE, blur=BLUR, noise=NOISE)
    first, second = (names(draw_chains(chosen, Chains(40))) for chosen in (alone, beside))
    assert [chain | {"size": "3mm"} for chain in first] == second


def test_no_chain_is_empty_and_none_without_random_numbers_stands_twice() -> None:
    chosen = factors(blur={**BLUR, "chance": 0.5}, size={**SIZE, "chance": 0.5})
    drawn = [tuple(sorted(chain.items())) for chain in names(draw_chains(chosen, Chains(9)))]
    assert len(set(drawn)) == 9  # 5 x 2 combinations, the reference not among them
    assert () not in drawn
    assert len(draw_chains(chosen, Chains(10))) == 9


def test_a_protocol_of_chains_is_rebuilt_from_what_study_json_keeps() -> None:
    protocol = load_protocol(source(seed=3))
    assert (protocol.chains, count_conditions(protocol)) == (Chains(30, 3), 31)
    assert [f.chance for f in protocol.factors] == [1.0, 0.7, 0.5]
    rebuilt = from_resolved(json.loads(json.dumps(protocol.resolved())))
    assert rebuilt.resolved() == protocol.resolved()
    assert (rebuilt.factors, rebuilt.chains) == (protocol.factors, protocol.chains)
    assert "chains drawn from seed 3, 31 conditions" in describe(protocol)
    assert "in 70% of the chains" in describe(protocol)


def test_other_designs_say_nothing_of_chains_in_study_json() -> None:
    content = {**source(noise=NOISE), "design": "factorial"}
    del content["chains"]
    resolved = load_protocol(content).resolved()
    assert "chains" not in resolved
    assert set(resolved["factors"]["noise"]) == {"role", "draws", "levels"}  # type: ignore[index]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"chains": None}, "chains is nothing; expected a mapping such as"),
        ({"chains": 30}, "chains is the single value 30"),
        ({"chains": {"seed": 1}}, "there is no n"),
        ({"chains": {"n": 0}}, "n is 0; expected a whole number of 1 or more"),
        ({"chains": {"n": 3, "sed": 1}}, "unknown key of chains 'sed'. Did you mean seed?"),
        ({"chains": {"n": 100_000}}, "100001 conditions; expected at most 100000"),
        ({"design": "factorial"}, "chains in the design factorial"),
        ({"factors": {"noise": {**NOISE, "draws": 2}}}, "2 draws in the design chains"),
        ({"factors": {"noise": {**NOISE, "chance": 0}}}, "chance is 0; expected a number above 0, at most 1"),
        ({"factors": {"noise": {**NOISE, "chance": 1.5}}}, "chance is 1.5"),
        ({"factors": {"noise": {**NOISE, "chance": "often"}}}, "chance is 'often'"),
        ({"factors": {"chains": NOISE}}, "factor name 'chains' is reserved"),
        ({"factors": {"blur": BLUR}}, "only 4 different chains for n 30"),
    ],
)
def test_one_mistake_in_chains_is_one_clear_problem(change: dict[str, object], said: str) -> None:
    (line,) = told({**source(noise=NOISE), **change})
    assert said in line


def test_a_chance_outside_of_chains_and_chains_without_their_number_are_refused() -> None:
    content = {**source(noise={**NOISE, "chance": 0.5}), "design": "one_at_a_time"}
    del content["chains"]
    assert "a chance in the design one_at_a_time; expected design: chains" in told(content)[0]
    missing = source(noise=NOISE)
    del missing["chains"]
    assert "chains is nothing" in told(missing)[0]


def test_levels_of_one_factor_act_at_one_stage() -> None:
    levels = {
        "pad": {"key": "padDistance", "value": 20},
        "width": {"key": "binWidth", "value": 3},
    }
    (line,) = told(source(any={"kind": "setting", "role": "definition", "levels": levels}))
    assert "its levels act at the stages discretize and grid; expected one stage" in line


def test_the_seed_of_the_chains_is_a_part_of_what_changes_results() -> None:
    protocol = load_protocol(source())
    assert replace(protocol, chains=Chains(30, 1)).resolved() != protocol.resolved()
