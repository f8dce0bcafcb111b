"""Perturbations: what they act on, what they promise, where they are found, how strong they were."""
