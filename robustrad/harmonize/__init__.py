"""Harmonization over batches (scanners, kernels, centers), and whether it was allowed and did help.

:class:`robustrad.harmonize.combat.ComBat` is the transformer,
:mod:`robustrad.harmonize.diagnostics` judges its preconditions and :mod:`robustrad.harmonize.effect` its
effect, out of fold only.
"""
