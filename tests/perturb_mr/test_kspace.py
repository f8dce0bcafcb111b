from __future__ import annotations

import math

import numpy as np
import pytest
from robustrad.perturbations.mr.kspace import KspaceTruncation, MotionGhost
from scipy.special import jv, sici

from robustrad.core.geometry import Grid
from robustrad.perturb.apply import Skipped, apply
from robustrad.perturb.sample import Sample
from tests.perturb_mr.phantoms import body


def plane(values: np.ndarray, spacing: float = 1.0) -> Sample:
    voxels = np.asarray(values, dtype=np.float64)[None]
    grid = Grid((voxels.shape[2], voxels.shape[1], 1), (spacing, spacing, 3.0))
    return Sample(voxels, np.ones(voxels.shape, bool), grid, "MR")


def changed(sample: Sample, operator: KspaceTruncation | MotionGhost, seed: int = 0) -> np.ndarray:
    result = apply(operator, sample, np.random.default_rng(seed))
    assert isinstance(result, Sample)
    return result.voxels


@pytest.mark.parametrize("fraction", [0.25, 0.5, 0.8])
@pytest.mark.parametrize(("taper", "bins"), [("none", 1.2067), ("hamming", 1.8152)])
def test_a_line_gets_the_width_of_the_window(fraction, taper, bins):
    count = 512
    image = np.full((4, count), 100.0)
    image[:, count // 2] += 1.0
    line = changed(plane(image), KspaceTruncation(fraction=fraction, taper=taper))[0, 2] - 100.0
    spectrum = np.fft.fft(np.roll(line, -count // 2))
    fine = np.zeros(32 * count, dtype=complex)
    fine[: count // 2], fine[-count // 2 :] = spectrum[: count // 2], spectrum[count // 2 :]
    profile = np.fft.ifft(fine).real
    below = int(np.flatnonzero(profile < profile[0] / 2.0)[0])
    half = np.interp(-profile[0] / 2.0, -profile[below - 1 : below + 1], [below - 1.0, below]) / 32.0
    assert 2.0 * half == pytest.approx(bins / fraction, rel=0.01)


def test_an_edge_overshoots_by_gibbs_and_hardly_with_a_taper():
    count = 400
    image = np.where(np.arange(count) < count // 2, 100.0, 300.0)[None].repeat(4, axis=0)
    # Fine voxels: of a jump of 200 the ringing of a sharp limit shows its full height between them.
    ringing = changed(plane(image), KspaceTruncation(fraction=0.1))[0, 2]
    gibbs = sici(math.pi)[0] / math.pi - 0.5
    assert (ringing.max() - 300.0) / 200.0 == pytest.approx(gibbs, rel=0.03)
    smooth = changed(plane(image), KspaceTruncation(fraction=0.1, taper="hamming"))[0, 2]
    assert (smooth.max() - 300.0) / 200.0 < 0.01


def test_truncation_keeps_low_frequencies_and_the_mean():
    sample = body(air=50.0)  # no magnitude is taken of ringing below zero
    after = changed(sample, KspaceTruncation(fraction=0.6))
    assert after.mean() == pytest.approx(sample.voxels.mean(), rel=1e-9)
    wave = 200.0 + 50.0 * np.cos(np.pi * 20 * (np.arange(100) + 0.5) / 100)[None].repeat(8, axis=0)
    np.testing.assert_allclose(changed(plane(wave), KspaceTruncation(fraction=0.5))[0], wave, rtol=1e-12)
    np.testing.assert_allclose(changed(plane(wave), KspaceTruncation(fraction=0.2))[0], 200.0, rtol=1e-12)


def test_a_wave_turns_by_the_displacement_at_its_two_lines_of_k_space():
    count, mode, displacement = 256, 64, 1.5  # the wave goes on in the reflection
    k = mode / (2.0 * count)
    wave = 100.0 * np.cos(2.0 * np.pi * k * (np.arange(count) + 0.5))
    sample = plane(1000.0 + wave[:, None].repeat(4, axis=1))
    after = changed(sample, MotionGhost(displacement_mm=displacement, ghost_mm=32.0), seed=7)[0, :, 2]
    phase = np.random.default_rng(7).uniform(0.0, 2.0 * np.pi)
    signal = np.full(count, 1000.0, dtype=complex)
    for line in (k, -k):
        moved = displacement * np.cos(2.0 * np.pi * line * 32.0 + phase)
        signal += 50.0 * np.exp(2j * np.pi * line * (np.arange(count) + 0.5 - moved))
    np.testing.assert_allclose(after, np.abs(signal), rtol=1e-5)


def test_the_first_ghost_of_a_wave_packet_has_the_weight_of_bessel_j1():
    count, k, displacement = 1024, 0.2, 0.8
    at = np.arange(count) - 512.0
    envelope = np.exp(-(at**2) / (2.0 * 12.0**2))
    packet = 100.0 * envelope * (1.0 + np.cos(2.0 * np.pi * k * at))
    operator = MotionGhost(displacement_mm=displacement, ghost_mm=160.0)
    ghost = changed(plane(packet[:, None].repeat(4, axis=1)), operator)[0, 632:712, 2]
    # The envelope itself (k near 0) leaves no ghost; the lines at k and -k hold half of the wave each.
    assert ghost.max() == pytest.approx(100.0 * jv(1, 2.0 * np.pi * k * displacement), rel=0.05)


def test_replicas_of_a_line_stand_at_multiples_of_the_ghost_distance():
    count = 512
    image = np.full((count, 4), 0.0)
    image[250:254] = 100.0
    after = changed(plane(image, 0.5), MotionGhost(displacement_mm=0.5, ghost_mm=30.0))[0, :, 2]
    for replica in (192, 312):
        near = after[replica - 4 : replica + 4].max()
        between = after[replica - 34 : replica - 20].max()
        assert near > 4.0 * between
    assert after[250:254].mean() > 60.0


@pytest.mark.parametrize("axis", ["x", "y"])
def test_ghosts_lie_along_the_phase_axis_and_keep_the_sum_of_squares(axis):
    sample = body(count=240)
    after = changed(sample, MotionGhost(displacement_mm=1.0, ghost_mm=60.0, axis=axis))
    assert np.sum(after**2) == pytest.approx(np.sum(sample.voxels**2), rel=1e-3)
    below, beside = after[:, 160:, 110:130], after[:, 110:130, 160:]
    ghosts, none = (beside, below) if axis == "x" else (below, beside)
    assert ghosts.max() > 5.0
    assert none.max() < 1e-3


def test_ghosts_grow_with_the_motion():
    sample = body()
    changes = [
        np.std(changed(sample, MotionGhost(displacement_mm=size)) - sample.voxels)
        for size in (0.2, 0.5, 1.0, 2.0)
    ]
    assert np.all(np.diff(changes) > 0)


def test_zero_changes_nothing_and_only_magnitudes_are_taken():
    sample = body(slices=1)
    negative = sample.with_image(sample.voxels - 50.0)
    for zero, operator in (
        (KspaceTruncation(fraction=1.0), KspaceTruncation(fraction=0.5)),
        (MotionGhost(displacement_mm=0.0), MotionGhost(displacement_mm=1.0)),
    ):
        assert apply(zero, negative, np.random.default_rng(0)) is negative
        skipped = apply(operator, negative, np.random.default_rng(0))
        assert isinstance(skipped, Skipped)
        assert "negative" in skipped.reason
