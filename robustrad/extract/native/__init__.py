"""The native engine: PyRadiomics' numbers, compiled. One file per feature class and filter."""
