from __future__ import annotations

from typing import Any

import pytest

from robustrad.core.errors import EnvironmentUnusableError, ProtocolError
from robustrad.extract import engines, pyradiomics
from robustrad.extract.engines import choose_engine
from robustrad.extract.parameter_file import load_parameters

PARAMETERS = load_parameters({})


class FakeNative:
    name = "native"

    def __init__(self, missing: list[str]) -> None:
        self.missing = missing

    def unsupported(self, _: Any) -> list[str]:
        return self.missing


@pytest.fixture
def native(monkeypatch: pytest.MonkeyPatch) -> Any:
    def install(engine: Any) -> None:
        monkeypatch.setattr(engines, "_native", lambda: engine)

    return install


def test_pyradiomics_is_itself() -> None:
    choice = choose_engine("pyradiomics", PARAMETERS)
    assert (choice.engine.name, choice.note) == ("pyradiomics", "")


def test_auto_takes_the_native_engine_where_it_can(native: Any) -> None:
    native(FakeNative([]))
    assert choose_engine("auto", PARAMETERS).engine.name == "native"
    assert choose_engine("native", PARAMETERS).engine.name == "native"


def test_auto_falls_back_and_says_why(native: Any) -> None:
    native(FakeNative(["image type LBP2D", "weightingNorm"]))
    choice = choose_engine("auto", PARAMETERS)
    assert choice.engine.name == "pyradiomics"
    assert choice.note == "engine pyradiomics: native does not know image type LBP2D; weightingNorm"


def test_native_with_something_it_cannot_do_is_an_error_that_names_it(native: Any) -> None:
    native(FakeNative(["image type LBP2D"]))
    with pytest.raises(ProtocolError, match=r"cannot compute image type LBP2D\. Use --engine auto"):
        choose_engine("native", PARAMETERS)


def test_without_a_native_engine_auto_is_pyradiomics_and_native_an_error(native: Any) -> None:
    native(None)
    assert choose_engine("auto", PARAMETERS).engine.name == "pyradiomics"
    with pytest.raises(ProtocolError, match="no native engine"):
        choose_engine("native", PARAMETERS)


def test_an_unknown_name_is_an_error_with_the_nearest() -> None:
    with pytest.raises(ProtocolError, match="Did you mean native"):
        choose_engine("nativ", PARAMETERS)


def test_a_filter_whose_package_is_missing_is_an_error_not_an_empty_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pyradiomics, "_importable", lambda _: False)
    with pytest.raises(ProtocolError, match="image type LBP2D needs skimage"):
        choose_engine("pyradiomics", load_parameters({"imageType": {"LBP2D": {}}}))


def test_without_pyradiomics_the_environment_is_unusable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyradiomics, "installed", lambda: False)
    engines._pyradiomics.cache_clear()
    with pytest.raises(EnvironmentUnusableError, match="pip install pyradiomics-bhklab") as caught:
        choose_engine("pyradiomics", PARAMETERS)
    assert caught.value.exit_code == 3
