"""Remedies against drift, compared on equal footing: each is one small class with a ``fit``.

:class:`robustrad.drift.remedies.base.Remedy` is what a remedy is,
:mod:`robustrad.drift.remedies.registry` finds ours and third parties' (entry point group
``robustrad.remedies``), :mod:`robustrad.drift.sites` puts them to the test.
"""
