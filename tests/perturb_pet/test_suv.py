from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError
from robustrad.perturbations.pet.suv import SuvScale

from tests.perturb_pet.phantoms import applied, pet

IMAGE = pet(np.random.default_rng(0).normal(3.0, 2.0, (4, 5, 6)))


@pytest.mark.parametrize(("percent", "factor"), [(10.0, 1.1), (-10.0, 0.9), (100.0, 2.0), (-50.0, 0.5)])
def test_percent_is_signed_and_scales_every_voxel(percent, factor):
    after = applied(SuvScale(percent=percent), IMAGE).voxels
    np.testing.assert_allclose(after, IMAGE.voxels * factor, rtol=1e-15)


def test_zero_is_the_image_itself_and_all_activity_cannot_be_lost():
    assert applied(SuvScale(percent=0.0), IMAGE) is IMAGE
    with pytest.raises(ValidationError, match="greater than -100"):
        SuvScale(percent=-100.0)
