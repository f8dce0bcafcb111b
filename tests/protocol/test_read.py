from __future__ import annotations

import json
from pathlib import Path

import pytest

from robustrad.core.errors import ProtocolError
from robustrad.perturb.base import Stage
from robustrad.protocol.read import builtin_files, from_resolved, load_protocol

SOUND = """\
name: mine
modality: PT
about: one sentence
references: [doi 1, doi 2]
extraction: quick
design: factorial
min_voxels: 10
factors:
  noise:
    kind: gaussian_noise
    role: acquisition
    levels: {mild: {sd: 1, severity: 1}, strong: {sd: 2, severity: 2}}
    draws: 3
  size: {kind: voxel_size, role: definition, levels: {2mm: {spacing_mm: [2, 2, 2]}}}
  volume:
    kind: volume_change
    role: delineation
    levels:
      less: {fraction: -0.1, severity: 1, sign: -1}
      more: {fraction: 0.1, severity: 1, sign: 1}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "p.yaml"
    path.write_text(text)
    return path


def told(folder: Path, text: str) -> list[str]:
    with pytest.raises(ProtocolError) as caught:
        load_protocol(write(folder, text))
    return [str(problem).replace(str(folder) + "/", "") for problem in caught.value.problems]


def factor(text: str) -> str:
    return f"name: p\nextraction: quick\nfactors:\n  f: {text}\n"


def test_a_protocol_is_read_whole(tmp_path):
    protocol = load_protocol(write(tmp_path, SOUND))
    assert (protocol.name, protocol.modality, protocol.design, protocol.min_voxels) == (
        "mine",
        "PT",
        "factorial",
        10,
    )
    assert protocol.references == ("doi 1", "doi 2")
    assert protocol.extraction == "quick"
    assert protocol.parameters.settings["binCount"] == 32
    noise, size, volume = protocol.factors
    assert (noise.name, noise.role, noise.draws, noise.random, noise.stage) == (
        "noise",
        "acquisition",
        3,
        True,
        Stage.IMAGE,
    )
    assert [(level.name, level.severity, level.sign) for level in volume.levels] == [
        ("less", 1.0, -1),
        ("more", 1.0, 1),
    ]
    assert size.levels[0].operator.model_dump()["spacing_mm"] == (2.0, 2.0, 2.0)
    assert (size.draws, size.levels[0].severity, size.levels[0].sign) == (1, None, None)


def test_defaults_are_one_at_a_time_any_modality_and_64_voxels(tmp_path):
    protocol = load_protocol(
        write(tmp_path, factor("{kind: gaussian_blur, role: control, levels: {a: {fwhm_mm: 2}}}"))
    )
    assert (protocol.design, protocol.modality, protocol.min_voxels, protocol.about) == (
        "one_at_a_time",
        "any",
        64,
        "",
    )


def test_a_mapping_and_a_file_give_the_same(tmp_path):
    import yaml

    assert load_protocol(yaml.safe_load(SOUND)) == load_protocol(write(tmp_path, SOUND))


def test_extraction_may_stand_inline_or_beside_the_file_and_params_replace_it(tmp_path, monkeypatch):
    (tmp_path / "mine.yaml").write_text("setting: {binWidth: 3}\n")
    inline = load_protocol(
        write(tmp_path, SOUND.replace("extraction: quick", "extraction: {setting: {binWidth: 5}}"))
    )
    assert (inline.extraction, inline.parameters.settings["binWidth"]) == ("inline", 5)
    beside = load_protocol(write(tmp_path, SOUND.replace("extraction: quick", "extraction: mine.yaml")))
    assert (beside.extraction, beside.parameters.settings["binWidth"]) == ("mine.yaml", 3)
    replaced = load_protocol(write(tmp_path, SOUND), params=tmp_path / "mine.yaml")
    assert replaced.parameters == beside.parameters
    assert load_protocol("pet", params="quick").extraction == "quick"
    none = load_protocol(
        {key: value for key, value in beside.resolved().items() if key == "name"}
        | {"factors": {"f": {"kind": "gaussian_blur", "role": "control", "levels": {"a": {"fwhm_mm": 1}}}}},
        params={"setting": {"binWidth": 7}},
    )
    assert (none.extraction, none.parameters.settings["binWidth"]) == ("inline", 7)


def test_problems_of_an_inline_parameter_file_carry_their_line(tmp_path):
    text = SOUND.replace("extraction: quick", "extraction:\n  setting:\n    binWith: 5")
    (line,) = told(tmp_path, text)
    assert line.startswith("p.yaml line 7: unknown setting 'binWith'. Did you mean binWidth?")


@pytest.mark.parametrize("name", builtin_files())
def test_what_study_json_keeps_rebuilds_the_protocol(name):
    protocol = load_protocol(name)
    rebuilt = from_resolved(json.loads(json.dumps(protocol.resolved())))
    assert rebuilt.resolved() == protocol.resolved()
    assert rebuilt.factors == protocol.factors
    assert rebuilt.parameters == protocol.parameters


def test_a_study_of_another_operator_version_or_kind_is_refused():
    resolved = json.loads(json.dumps(load_protocol("quick").resolved()))
    resolved["factors"]["blur"]["levels"]["3mm"]["version"] = 99
    with pytest.raises(ProtocolError, match="gaussian_blur of version 99, installed is 1"):
        from_resolved(resolved)
    resolved = json.loads(json.dumps(load_protocol("quick").resolved()))
    for level in resolved["factors"]["blur"]["levels"].values():
        level["kind"] = "gone"
    with pytest.raises(ProtocolError, match="unknown perturbation 'gone'"):
        from_resolved(resolved)


# --- what is wrong -----------------------------------------------------------------------------------


def test_all_problems_are_told_at_once_each_with_its_line(tmp_path):
    lines = told(
        tmp_path,
        """\
name: x
modality: PTT
extracton: pet
factors:
  a: {kind: gausian_noise, role: acquisition, levels: {a: {sd: 1}}}
  b:
    kind: gaussian_noise
    role: aquisition
    levels:
      mild: {sd: -1}
      hard: {sdd: 1}
""",
    )
    assert [line.split(":")[0] for line in lines] == [f"p.yaml line {n}" for n in (3, 2, 1, 5, 8, 10, 11)]
    everything = "\n".join(lines)
    for said in (
        "unknown key 'extracton'. Did you mean extraction?",
        "unknown modality 'PTT'. Did you mean PT?",
        "there is no extraction",
        "unknown perturbation 'gausian_noise'. Did you mean gaussian_noise?",
        "unknown role 'aquisition'. Did you mean acquisition?",
        "sd is -1; expected greater than or equal to 0",
        "gaussian_noise has no parameter 'sdd'. Did you mean sd?",
    ):
        assert said in everything


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{kind: gaussian_blur, role: control, levels: {}}", "there are no levels"),
        ("{kind: gaussian_blur, role: control}", "there are no levels"),
        ("{kind: gaussian_blur, role: control, levels: [1]}", "levels is a list"),
        ("{kind: gaussian_blur, role: control, levels: {a: 3}}", "level a is the single value 3"),
        ("{kind: gaussian_blur, role: control, levels: {a: }}", "needs the parameter 'fwhm_mm'"),
        (
            "{kind: gaussian_blur, role: control, levels: {a: {fwhm_mm: '2'}}}",
            "fwhm_mm is '2'; expected a valid number",
        ),
        ("{kind: gaussian_blur, role: control, levels: {a: {fwhm_mm: true}}}", "fwhm_mm is True"),
        (
            "{kind: gaussian_blur, role: control, levels: {a: {fwhm_mm: .nan}}}",
            "fwhm_mm is nan; expected a finite number",
        ),
        ("{kind: gaussian_blur, role: control, levels: {a: {fwhm_mm: .inf}}}", "expected a finite number"),
        ("{role: control, levels: {a: {sd: 3}}}", "there is no kind"),
        ("{kind: [x], role: control, levels: {a: {sd: 3}}}", "kind is ['x']"),
        ("{kind: gaussian_blur, levels: {a: {fwhm_mm: 2}}}", "there is no role"),
        (
            "{kind: gaussian_blur, role: control, levels: {a: {fwhm_mm: 2}}, draws: 3}",
            "draws no random numbers",
        ),
        (
            "{kind: gaussian_noise, role: control, levels: {a: {sd: 2}}, draws: 0}",
            "draws is 0; expected a whole number of 1",
        ),
        ("{kind: gaussian_noise, role: control, levels: {a: {sd: 2}}, draws: 2.5}", "draws is 2.5"),
        ("{kind: gaussian_noise, role: control, levels: {a: {sd: 2}}, draw: 2}", "Did you mean draws?"),
        (
            "{kind: gaussian_noise, role: control, levels: {a: {sd: 2, relative_sd: 1}}}",
            "give either sd or relative_sd",
        ),
        ("{kind: gaussian_noise, role: control, levels: {a: {sd: 2, severity: high}}}", "severity is 'high'"),
        ("{kind: gaussian_noise, role: control, levels: {a: {sd: 2, severity: -1}}}", "severity is -1"),
        ("{kind: gaussian_noise, role: control, levels: {a: {sd: 2, sign: 1}}}", "sign without severity"),
        (
            "{kind: gaussian_noise, role: control, levels: {a: {sd: 2, severity: 1, sign: 2}}}",
            "sign is 2; expected -1 or 1",
        ),
        (
            "{kind: gaussian_noise, role: control, levels: {a: {sd: 2, kind: gaussian_blur}}}",
            "a kind of its own",
        ),
        (
            "{kind: gaussian_noise, role: control, levels: {a: {sd: 2}, b: {sd: 2.0}}}",
            "level b does the same as level a",
        ),
        ("{kind: gaussian_noise, role: control, levels: {reference: {sd: 2}}}", "'reference' is reserved"),
        ("{kind: gaussian_noise, role: control, levels: {all: {sd: 2}}}", "'all' is reserved"),
        (
            "{kind: fixed_bin_width, role: definition, levels: {a: {width: 0}}}",
            "width is 0; expected greater than 0",
        ),
        ("{kind: fixed_bin_count, role: definition, levels: {a: {count: 2.5}}}", "count is 2.5"),
        (
            "{kind: voxel_size, role: definition, levels: {a: {spacing_mm: [2, 2]}}}",
            "spacing_mm has too few values",
        ),
        ("{kind: voxel_size, role: definition, levels: {a: {spacing_mm: 2}}}", "expected a list of numbers"),
        ("{kind: voxel_size, role: definition, levels: {a: {spacing_mm: [2, 0, 2]}}}", "spacing_mm.1 is 0"),
        ("{kind: volume_change, role: delineation, levels: {a: {fraction: -1}}}", "fraction is -1"),
        ("[1]", "factor f is a list"),
    ],
)
def test_one_mistake_in_a_factor_is_one_clear_problem(tmp_path, text, said):
    (line,) = told(tmp_path, factor(text))
    assert line.startswith("p.yaml line 4: ")
    assert said in line


@pytest.mark.parametrize("name", ["a=b", "a/b", "a+b", "'a,b'", "a b", "'a\tb'", "''"])
def test_names_that_would_make_conditions_ambiguous_are_refused(tmp_path, name):
    level = told(tmp_path, factor(f"{{kind: gaussian_noise, role: control, levels: {{{name}: {{sd: 2}}}}}}"))
    named = told(
        tmp_path,
        factor("{kind: gaussian_noise, role: control, levels: {a: {sd: 2}}}").replace("  f:", f"  {name}:"),
    )
    assert ["level name" in level[0], "factor name" in named[0]] == [True, True]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing instead of a protocol"),
        ("- 1\n", "a list instead of a protocol"),
        ("name: p\nextraction: quick\n", "there are no factors"),
        ("name: p\nextraction: quick\nfactors: {}\n", "there are no factors"),
        ("name: p\nextraction: quick\nfactors: [1]\n", "factors is a list"),
        (SOUND.replace("name: mine\n", ""), "there is no name"),
        (SOUND.replace("factorial", "chains").replace("    draws: 3\n", ""), "chains is nothing"),
        (
            SOUND.replace("factorial", "factoral"),
            "line 6: unknown design 'factoral'. Did you mean factorial?",
        ),
        (SOUND.replace("min_voxels: 10", "min_voxels: 0"), "line 7: min_voxels is 0"),
        (SOUND.replace("extraction: quick", "extraction: quik"), "line 5: no parameter file 'quik' here"),
        (SOUND.replace("extraction: quick", "extraction: 3"), "line 5: extraction is 3"),
        (SOUND.replace("[doi 1, doi 2]", "doi"), "line 4: references is 'doi'"),
        (SOUND.replace("  size:", "  noise:"), "'noise' stands twice"),
        (SOUND.replace("strong:", "mild:"), "'mild' stands twice"),
        (SOUND.replace("name: mine", "name: [mine"), "not YAML"),
    ],
)
def test_one_mistake_in_the_document_is_one_clear_problem(tmp_path, text, said):
    (line,) = told(tmp_path, text)
    assert said in line


def test_a_factorial_design_by_mistake_is_stopped(tmp_path):
    levels = ", ".join(f"l{n}: {{fwhm_mm: {n}}}" for n in range(1, 100))
    factors = "".join(
        f"  f{n}: {{kind: gaussian_blur, role: control, levels: {{{levels}}}}}\n" for n in range(3)
    )
    (line,) = told(tmp_path, f"name: p\nextraction: quick\ndesign: factorial\nfactors:\n{factors}")
    assert "line 3: 1000000 conditions; expected at most 100000" in line


def test_an_operator_of_another_modality_is_refused(tmp_path, monkeypatch):
    from robustrad.perturb.registry import kinds

    monkeypatch.setattr(kinds()["gaussian_blur"], "modalities", ("CT",))
    text = factor("{kind: gaussian_blur, role: control, levels: {a: {fwhm_mm: 2}}}")
    (line,) = told(tmp_path, f"modality: PT\n{text}")
    assert "gaussian_blur in a protocol for PT" in line
    assert load_protocol(write(tmp_path, text)).modality == "any"


def test_a_name_that_is_neither_built_in_nor_a_file_tells_the_nearest():
    with pytest.raises(ProtocolError, match="Did you mean quick"):
        load_protocol("quik")
