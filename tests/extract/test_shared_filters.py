"""The opt-in engine: one filtered image for all masks, whoever came first."""

from __future__ import annotations

import numpy as np
import pytest

from robustrad.extract.engine import PYRADIOMICS_DEFINITION, Region
from robustrad.extract.engines import choose_engine
from robustrad.extract.parameters import Parameters
from robustrad.extract.settings import Verb, view
from robustrad.extract.shared_filters import SharedFiltersEngine, SharingPrepared
from robustrad.perturb.sample import Sampling
from tests.native.side_by_side import NATIVE, features, images, parameters

SHARED = SharedFiltersEngine()
FILTERS = {"Original": {}, "Wavelet": {}, "LoG": {"sigma": [2.0, 3.0]}, "Square": {}}
SIZE = (22, 40, 36)
FINE: dict[str, object] = {"resampledPixelSpacing": [1.0, 1.0, 1.0]}
SAMPLINGS = {
    "plain": Sampling(),
    "coarser": Sampling(spacing_mm=(2.5, 2.5, 2.5)),
    "shifted": Sampling(shift=(0.25, -0.4, 1 / 3)),
    "turned": Sampling(rotation_deg=10.0),
}


def _voxels() -> np.ndarray:
    rng = np.random.default_rng(0)
    z, y, x = np.indices(SIZE)
    return 100.0 * np.sin(x / 3.1) * np.cos(y / 4.3 + z / 2.7) + rng.normal(0.0, 20.0, SIZE)


def _ball(radius: float, center: tuple[float, float, float] = (10.0, 21.0, 17.0)) -> np.ndarray:
    z, y, x = (i - c for i, c in zip(np.indices(SIZE), center, strict=True))
    return np.asarray((2.0 * z) ** 2 + y**2 + x**2 <= radius**2)


def _asked(settings: dict[str, object] | None = None, pad: int = 5) -> Parameters:
    common = {"resampledPixelSpacing": [1.5, 1.5, 1.5], "binWidth": 20, "padDistance": pad}
    return parameters({**common, **(settings or {})}, FILTERS)


def _region(prepared: object, mask: np.ndarray, asked: Parameters, sampling: Sampling) -> Region:
    _, label = images(_voxels(), mask, (1.0, 1.0, 2.0))
    return SHARED.region(prepared, label, view(asked, Verb.REGION), sampling=sampling)


def _prepared(asked: Parameters) -> SharingPrepared:
    image, _ = images(_voxels(), _ball(5.0), (1.0, 1.0, 2.0))
    return SHARED.prepare(image, view(asked, Verb.PREPARE))


def _values(region: Region) -> dict[str, np.ndarray]:
    return {image.name: image.values for image in region.payload.images}


@pytest.mark.parametrize("name", SAMPLINGS)
@pytest.mark.parametrize("settings", [{}, {"resampledPixelSpacing": None, "interpolator": None}])
def test_values_do_not_depend_on_which_masks_came_before(name: str, settings: dict[str, object]) -> None:
    if settings and name != "plain":
        pytest.skip("no grid to vary without interpolation")
    asked = _asked(settings)
    masks = [_ball(6.0), _ball(7.0), _ball(3.0, (8.0, 30.0, 25.0))]
    together = _prepared(asked)
    for mask in reversed(masks):
        _region(together, mask, asked, SAMPLINGS[name])
    for mask in masks:
        again = _values(_region(together, mask, asked, SAMPLINGS[name]))
        alone = _values(_region(_prepared(asked), mask, asked, SAMPLINGS[name]))
        assert list(again) == list(alone)
        for image, values in alone.items():
            assert np.array_equal(values, again[image]), image


def test_masks_of_one_lesion_share_their_filtered_images() -> None:
    asked = _asked()
    prepared = _prepared(asked)
    for radius in np.linspace(5.0, 7.0, 6):
        _region(prepared, _ball(radius), asked, Sampling())
    assert len(prepared.cores) <= 3


@pytest.mark.parametrize("name", SAMPLINGS)
def test_only_filters_that_have_not_converged_differ_from_the_native_engine(name: str) -> None:
    case = images(_voxels(), _ball(7.0), (1.0, 1.0, 2.0))
    ours = features(SHARED, *case, _asked(), SAMPLINGS[name])
    native = features(NATIVE, *case, _asked(), SAMPLINGS[name])
    assert list(ours) == list(native)
    for feature, value in native.items():
        if not feature.startswith("log") and not feature.endswith(("MCC", "Imc2")):
            assert ours[feature] == pytest.approx(value, rel=1e-9, abs=1e-9), feature


def test_the_log_is_the_one_of_a_wide_pad() -> None:
    """The image ends before the pad does, so that both see the same voxels where it matters."""
    image, mask = images(_voxels(), _ball(7.0), (1.0, 1.0, 2.0))
    own = {}
    for pad in (5, 40):
        asked = _asked(FINE, pad=pad)
        prepared = NATIVE.prepare(image, view(asked, Verb.PREPARE))
        own[pad] = _values(NATIVE.region(prepared, mask, view(asked, Verb.REGION), sampling=Sampling()))
    asked = _asked(FINE)
    ours = _values(_region(_prepared(asked), _ball(7.0), asked, Sampling()))
    name = "log-sigma-3-0-mm-3D"
    spread = own[40][name].std()
    assert np.abs(ours[name] - own[40][name]).max() < 2e-3 * spread
    assert np.abs(own[5][name] - own[40][name]).max() > 2e-2 * spread


def test_it_is_a_definition_of_its_own_and_never_chosen_unasked() -> None:
    assert SHARED.definition != PYRADIOMICS_DEFINITION
    assert choose_engine("auto", _asked()).engine.definition == PYRADIOMICS_DEFINITION
    assert choose_engine("native-shared", _asked()).engine.name == "native-shared"
