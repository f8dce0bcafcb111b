from __future__ import annotations

import numpy as np
import pytest
from robustrad.perturbations.ct.kernel import FLOOR, CtKernel
from robustrad.perturbations.ct.kernels import CUTOFF_PER_MM, SAMPLES, apodization
from robustrad.perturbations.ct.noise import CtNoise
from scipy.fft import next_fast_len

from robustrad.core.geometry import Grid
from robustrad.perturb.apply import apply
from robustrad.perturb.sample import Sample
from tests.perturb_ct.phantoms import model_spectrum, radial_spectrum, water

PIXEL = 0.5
CHANGES = [
    ("standard", "soft"),
    ("standard", "bone"),
    ("soft", "standard"),
    ("soft", "bone"),
    ("bone", "soft"),
    ("bone", "standard"),
]


def wire(kernel: str) -> Sample:
    """Return a thin wire as ``kernel`` shows it: the point spread function, 1000 HU times pixels in all."""
    count = next_fast_len(400)
    axis = np.fft.fftfreq(count, PIXEL)
    transfer = apodization(kernel, np.hypot(axis[:, None], axis[None, :]))
    psf = np.fft.fftshift(np.fft.ifft2(transfer).real)
    voxels = 1000.0 * psf[None]
    return Sample(voxels, np.ones(voxels.shape, bool), Grid((count, count, 1), (PIXEL, PIXEL, 3.0)), "CT")


def mtf(sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies and the transfer along x of the image of a wire."""
    line = sample.voxels[0].sum(axis=0)
    transfer = np.abs(np.fft.rfft(line))
    return np.fft.rfftfreq(len(line), PIXEL), transfer / transfer[0]


@pytest.mark.parametrize(("source", "target"), CHANGES)
@pytest.mark.parametrize("amount", [0.5, 1.0])
def test_a_wire_gets_the_transfer_asked_for(source, target, amount):
    before = wire(source)
    after = apply(CtKernel(source=source, target=target, amount=amount), before, np.random.default_rng(0))
    assert isinstance(after, Sample)
    frequency, measured = mtf(after)
    requested = apodization(source, frequency) ** (1 - amount) * apodization(target, frequency) ** amount
    known = (apodization(source, frequency) >= FLOOR) & (frequency < 0.95 * CUTOFF_PER_MM)
    np.testing.assert_allclose(measured[known], requested[known], rtol=0.03, atol=0.002)
    assert after.voxels.mean() == pytest.approx(before.voxels.mean(), rel=1e-9)


def test_an_edge_overshoots_with_bone_and_rounds_with_soft():
    count = 120
    voxels = np.where(np.arange(count) < count // 2, 0.0, 100.0)[None, None, :].repeat(count, axis=1)
    sample = Sample(voxels, np.ones(voxels.shape, bool), Grid((count, count, 1), (0.7, 0.7, 3.0)), "CT")
    soft = CtKernel(target="soft").apply(sample, np.random.default_rng(0)).voxels[0, 60]
    bone = CtKernel(target="bone").apply(sample, np.random.default_rng(0)).voxels[0, 60]
    assert np.diff(soft).max() < 0.9 * np.diff(voxels[0, 60]).max() < np.diff(bone).max()
    assert bone.max() > soft.max() + 5.0


@pytest.mark.parametrize(("source", "target"), [("standard", "bone"), ("bone", "soft")])
def test_noise_of_the_source_becomes_noise_of_the_target(source, target):
    blank = water(count=128, slices=24, pixel_mm=PIXEL, diameter_mm=1000.0)
    noisy = CtNoise(sd=10.0, kernel=source, local_sd="uniform").apply(blank, np.random.default_rng(1))
    after = CtKernel(source=source, target=target).apply(noisy, np.random.default_rng(0))
    _, power = radial_spectrum(after.voxels, PIXEL)
    assert np.corrcoef(power, model_spectrum(target, PIXEL))[0, 1] > 0.95
    f = np.linspace(0.0, CUTOFF_PER_MM, 2000)
    gain = np.sum((f * apodization(target, f)) ** 2) / np.sum((f * apodization(source, f)) ** 2)
    assert after.voxels.var() / noisy.voxels.var() == pytest.approx(gain, rel=0.05)


@pytest.mark.parametrize("kernel", SAMPLES)
def test_no_amount_and_the_same_kernel_change_nothing(kernel):
    sample = water(count=40, slices=1)
    for operator in (
        CtKernel(source="soft", target=kernel, amount=0.0),
        CtKernel(source=kernel, target=kernel),
    ):
        assert apply(operator, sample, np.random.default_rng(0)) is sample


def test_the_farther_the_more():
    sample = wire("standard")
    changes = [
        np.std(
            CtKernel(target="soft", amount=amount).apply(sample, np.random.default_rng(0)).voxels
            - sample.voxels
        )
        for amount in (0.25, 0.5, 1.0, 1.5, 2.0)
    ]
    assert np.all(np.diff(changes) > 0)


def test_nothing_is_restored_that_the_source_does_not_have():
    f = np.linspace(0.0, 1.2, 500)
    assert CtKernel(source="soft", target="bone").transfer(f).max() <= 1.24 / FLOOR
    assert CtKernel(source="soft", target="bone").transfer(np.asarray([0.9, 2.0])).tolist() == [0.0, 0.0]
