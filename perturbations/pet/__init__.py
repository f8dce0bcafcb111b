"""What differs between PET scans of one patient: counts, resolution, PSF modeling, matrix, calibration."""
