"""Is it radiomics at all? Checks of what a model could owe to volume, site, chance or the clinic."""
