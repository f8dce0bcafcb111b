"""Experiments that put remedies to the test: paired, disjoint virtual sites, a new site, no signal."""
