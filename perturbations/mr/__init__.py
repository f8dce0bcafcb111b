"""What differs between MR scans of one patient: noise, coil, k-space, motion, the scale of intensities."""
