"""Time to event: concordance, Kaplan-Meier, Cox and survival forests inside the folds, and their drift.

Concordance and Kaplan-Meier are ours; the models come from scikit-survival (the extra ``survival``), which
nothing else here needs: finished risk scores are evaluated without it.
"""
