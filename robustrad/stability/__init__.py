"""How well a feature agrees over conditions: ICC, agreement, repeatability, and the table of them.

The four estimands (``repeatability``, ``agreement``, ``factor``, ``chains``) are defined in
:mod:`robustrad.stability.table`; the six ICC forms in :mod:`robustrad.stability.icc`.
"""
