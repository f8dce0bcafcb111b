"""One factor of a protocol in words: its kind, its numbers with units, severities and draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_NOT_NUMBERS = frozenset({"kind", "version", "severity", "sign"})
_UNITS = {"_mm": " mm", "_deg": " degrees"}
_ABBREVIATIONS = {"sd": "SD", "fwhm": "FWHM", "rms": "RMS", "suv": "SUV", "hu": "HU"}


def factor_text(name: str, factor: Mapping[str, Any]) -> str:
    """Return one factor with its kind, numbers, severities and draws."""
    levels = list(dict(factor.get("levels", {})).values())
    kinds = list(dict.fromkeys(str(level.get("kind", "")) for level in levels))
    keys = dict.fromkeys(key for level in levels for key in level if key not in _NOT_NUMBERS)
    shown = [_values(key, levels) for key in keys]
    told = [", ".join(kinds), *(text for text in shown if text)]
    severities = [level.get("severity") for level in levels]
    if None not in severities:
        one_each = all(_pairs(key, levels) for key in keys)
        told = [*told, _listed(severities)] if one_each else [told[0], _by_severity(keys, levels)]
    draws = int(factor.get("draws") or 1)
    told += [f"{draws} draws per level"] if draws > 1 else []
    return f"{name.replace('_', ' ')} ({factor.get('role')}): {'; '.join(told)}"


def _listed(severities: list[Any]) -> str:
    return f"severity {', '.join(_value(value) for value in dict.fromkeys(severities))}"


def _pairs(key: str, levels: list[Mapping[str, Any]]) -> bool:
    """Whether the values of ``key`` can be read against the severities: one each, or one for all."""
    values = [_value(level[key]) for level in levels if level.get(key) is not None]
    severities = {level["severity"] for level in levels}
    return len(set(values)) <= 1 or len(set(values)) == len(severities) == len(levels)


def _by_severity(keys: Iterable[str], levels: list[Mapping[str, Any]]) -> str:
    """Return the parameters severity by severity, where several levels share one."""
    parts = []
    for severity in sorted({level["severity"] for level in levels}):
        own = [level for level in levels if level["severity"] == severity]
        shown = [text for key in keys if (text := _values(key, own))]
        parts.append(f"{_value(severity)} ({', '.join(shown)})" if shown else _value(severity))
    return f"severity {', '.join(parts)}"


def _values(key: str, levels: list[Mapping[str, Any]]) -> str:
    """Return one parameter over the levels of a factor, with its unit where the name has one."""
    values = [level.get(key) for level in levels]
    if all(value is None or isinstance(value, dict) for value in values):
        return ""
    name, unit = key, ""
    for suffix, sign in _UNITS.items():
        if key.endswith(suffix):
            name, unit = key.removesuffix(suffix), sign
    shown = [_ABBREVIATIONS.get(word, word) for word in name.split("_")]
    listed = list(dict.fromkeys(_value(value) for value in values if value is not None))
    return f"{' '.join(shown)} {', '.join(listed)}{unit}"


def _value(value: Any) -> str:
    if isinstance(value, list):
        parts = [_value(part) for part in value]
        return parts[0] if len(set(parts)) == 1 else " x ".join(parts)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"{value:g}".replace("-", "\N{MINUS SIGN}") if number else str(value)
