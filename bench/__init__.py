"""Speed: asv benchmarks, and the quick side-by-side table of ``make bench``."""
