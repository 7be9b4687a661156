"""How far several rankings of the same options agree, as figures and in words."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from acceltrial.decide.values import Floats


def kendall_w(rankings: Floats) -> float | None:
    """Kendall's coefficient of concordance of m rankings (rows) of n options: 1 same, 0 none.

    W = 12 S / (m²(n³ - n) - m Σ T), with S the squared deviations of the rank sums and T = Σ(t³ - t)
    over the ties of each ranking (Kendall & Babington Smith 1939; tie correction: Siegel &
    Castellan 1988, 9.3). None where it is not defined: one option, or everything tied.
    """
    mean_ranks = np.vstack([_mean_ranks(row) for row in rankings])
    m, n = mean_ranks.shape
    sums = mean_ranks.sum(axis=0)
    spread = float(np.sum((sums - sums.mean()) ** 2))
    ties = sum(float(np.sum(c**3 - c)) for c in (np.unique(row, return_counts=True)[1] for row in mean_ranks))
    scale = m**2 * (n**3 - n) - m * ties
    return min(1.0, 12 * spread / scale) if scale > 0 else None


def kendall_tau(first: Floats, second: Floats) -> float | None:
    """Kendall's tau-b of two rankings: 1 same order, -1 reversed (Kendall 1945). None where undefined."""
    a = np.sign(first[:, None] - first[None, :])
    b = np.sign(second[:, None] - second[None, :])
    scale = float(np.sqrt(np.sum(a != 0)) * np.sqrt(np.sum(b != 0)))
    return float(np.sum(a * b)) / scale if scale > 0 else None


def in_words(names: list[str], by_role: Mapping[str, Floats]) -> str:
    """One or two sentences: who prefers what, and how far the whole rankings agree.

    Args:
        names: the options.
        by_role: each role's scores of them, higher is better.
    """
    if not names:
        return "no option is left to disagree on"
    if len(names) == 1:
        return f"only {names[0]} is left: nothing to disagree on"
    firsts: dict[str, list[str]] = {}
    for role in sorted(by_role):
        firsts.setdefault(_level(names, leaders(by_role[role])), []).append(role.replace("_", " "))
    if len(by_role) == 1:
        text = f"the only role puts {next(iter(firsts))} first"
    elif len(firsts) == 1:
        everyone = "both" if len(by_role) == 2 else f"all {len(by_role)}"
        text = f"{everyone} roles put {next(iter(firsts))} first"
    else:
        ordered = sorted(firsts.items(), key=lambda item: (-len(item[1]), item[0]))
        text = "; ".join(f"{_join(roles)}: {name}" for name, roles in ordered) + " first"
    w = kendall_w(np.vstack([by_role[role] for role in sorted(by_role)]))
    if w is None or len(by_role) < 2:
        return text
    text += f". Agreement over all {len(names)} options is {_degree(w)} (Kendall's W {w:.2f})"
    pair, tau = _furthest(by_role)
    return text + (f", least between {pair} (tau {tau:.2f})" if tau is not None and tau < 0.9 else "")


def leaders(scores: Floats) -> list[int]:
    """Indices of the highest score, and of all that equal it to 1e-12, in their order."""
    rounded = np.round(scores, 12)
    return [int(index) for index in np.flatnonzero(rounded == rounded.max())]


def _level(names: list[str], first: list[int]) -> str:
    """The first by name, or several that are level; the first three where they are many."""
    shown = [names[index] for index in first[:3]]
    more = f" and {len(first) - 3} more" if len(first) > 3 else ""
    return shown[0] if len(first) == 1 else f"{', '.join(shown)}{more} (level)"


def _furthest(by_role: Mapping[str, Floats]) -> tuple[str, float | None]:
    taus = [
        (tau, f"{a.replace('_', ' ')} and {b.replace('_', ' ')}")
        for a, b in combinations(sorted(by_role), 2)
        if (tau := kendall_tau(by_role[a], by_role[b])) is not None
    ]
    return (min(taus)[1], min(taus)[0]) if taus else ("", None)


def _degree(w: float) -> str:
    return "strong" if w >= 0.9 else "good" if w >= 0.7 else "moderate" if w >= 0.5 else "weak"


def _join(roles: list[str]) -> str:
    return roles[0] if len(roles) == 1 else ", ".join(roles[:-1]) + " and " + roles[-1]


def _mean_ranks(scores: Floats) -> Floats:
    _, inverse, counts = np.unique(np.round(scores, 12), return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[inverse.reshape(-1)], dtype=np.float64)
