"""Time mirp on one case and print JSON; run by ``bench.against_mirp`` with an interpreter that has mirp.

Imports mirp and the standard library alone: the interpreter need not have robustrad.
"""

from __future__ import annotations

import json
import logging
import sys
import time

# What comes nearest to the common configuration: 1 mm cubic spline without anti-aliasing, eight undecimated
# coif1 sub-bands, LoG of 1, 2, 3 mm, bins of 25, matrices per direction averaged, classes that both have.
TEXTURES = ["statistical", "glcm", "glrlm", "glszm", "ngtdm", "ngldm"]
SETTINGS = {
    "ibsi_compliant": False,
    "new_spacing": 1.0,
    "spline_order": 3,
    "anti_aliasing": False,
    "base_feature_families": ["morphological", *TEXTURES],
    "base_discretisation_method": "fixed_bin_size_pyradiomics",
    "base_discretisation_bin_width": 25.0,
    "response_map_feature_families": TEXTURES,
    "response_map_discretisation_method": "fixed_bin_size_pyradiomics",
    "response_map_discretisation_bin_width": 25.0,
    "glcm_spatial_method": "3d_average",
    "glrlm_spatial_method": "3d_average",
    "glszm_spatial_method": "3d",
    "ngtdm_spatial_method": "3d",
    "ngldm_spatial_method": "3d",
    "filter_kernels": ["separable_wavelet", "laplacian_of_gaussian"],
    "separable_wavelet_families": "coif1",
    "separable_wavelet_set": "all",
    "separable_wavelet_rotation_invariance": False,
    "laplacian_of_gaussian_sigma": [1.0, 2.0, 3.0],
}


def main() -> int:
    """Extract ``repeats`` times from image and mask (paths) and print seconds, CPU seconds and features."""
    import mirp

    logging.disable(logging.WARNING)
    image, mask, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3])
    wall, cpu, columns = [], [], 0
    for _ in range(repeats):
        start = time.perf_counter(), time.process_time()
        (found,) = mirp.extract_features(
            image=image, mask=mask, write_features=False, export_features=True, **SETTINGS
        )
        wall.append(time.perf_counter() - start[0])
        cpu.append(time.process_time() - start[1])
        columns = sum(not name.startswith(("sample_", "image_")) for name in found.columns)
    print(
        json.dumps(
            {"wall": sorted(wall)[repeats // 2], "cpu": sorted(cpu)[repeats // 2], "features": columns}
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
