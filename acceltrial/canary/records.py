"""The requests of one canary, as arrays, checked once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from acceltrial.errors import DataContractError

if TYPE_CHECKING:
    import polars as pl

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]

ARMS = ("baseline", "canary")
FLAGS = ("refused", "throttled", "hardware_error")
NUMBERS = ("latency_ms", "ttft_ms", "itl_ms", "quality", "memory_bytes", "output_tokens", "cost_usd")
OPTIONAL = (*NUMBERS[1:], "class", *FLAGS)
MAX_GROUPS = 8
SPELLINGS = {"true": True, "1": True, "1.0": True, "yes": True,
             "false": False, "0": False, "0.0": False, "no": False}  # fmt: skip
"""What an `ok` in text may say, in any case."""
_TEXT = {"String", "Categorical"}


@dataclass(frozen=True)
class Records:
    """One entry a request, in order of time.

    Attributes:
        t_s: when the request ended.
        canary: whether the canary served it.
        ok: whether it succeeded in time.
        values: the metrics (`NUMBERS`) and flags (`FLAGS`) that are present; NaN where missing.
        group: the request's class as a small integer; zeros when there are no classes.
        notes: what was found and mended on the way in.
    """

    t_s: Floats
    canary: Flags
    ok: Flags
    values: dict[str, Floats]
    group: Codes
    notes: tuple[str, ...] = field(default=())
    _looks: dict[float, Codes] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.t_s)

    def looks(self, interval_s: float) -> Codes:
        """The look in which each request ended, counted from 0."""
        if interval_s not in self._looks:
            self._looks[interval_s] = np.asarray(np.floor(self.t_s / interval_s), dtype=np.int64)
        return self._looks[interval_s]

    def shifted(self, by_s: float) -> Records:
        """The same requests, `by_s` earlier."""
        return Records(self.t_s - by_s, self.canary, self.ok, self.values, self.group, self.notes)

    def column(self, name: str) -> Floats:
        """The values called `name`, all missing when nobody recorded them."""
        found = self.values.get(name)
        return np.full(len(self), np.nan) if found is None else found


def records_from_frame(frame: pl.DataFrame, where: str) -> Records:
    """The requests in `frame`: columns t_s, arm, latency_ms, ok and any of the optional ones.

    Order does not matter; rows that repeat another in every column are dropped and counted in `notes`.
    A NaN, infinite or empty metric is missing. Raises DataContractError for what cannot be true: an unknown
    arm, a negative time, latency or memory, quality outside [0, 1], an empty `ok`.
    """
    t_s = _numbers(frame, "t_s", where)
    _refuse(~np.isfinite(t_s) | (t_s < 0), t_s, "t_s", "a finite time of at least 0", where)
    arms = frame["arm"]
    if str(arms.dtype) not in _TEXT:
        arms = arms.cast(str)
    canary, baseline = ((arms == arm).fill_null(value=False).to_numpy() for arm in ("canary", "baseline"))
    unknown = ~(canary | baseline)
    _refuse(unknown, arms, "arm", "`baseline` or `canary`", where)
    ok = _flags(frame["ok"], where)
    values: dict[str, Floats] = {}
    for name in (*NUMBERS, *FLAGS):
        if name in frame.columns:
            column = _numbers(frame, name, where)
            column[np.isinf(column)] = np.nan
            _refuse(column < 0, column, name, "no negative number", where)
            values[name] = column
    for name in ("quality", *FLAGS):
        if name in values:
            _refuse(values[name] > 1, values[name], name, "a score in [0, 1]", where)
    group = _groups(frame["class"]) if "class" in frame.columns else np.zeros(len(frame), np.int64)
    records = Records(t_s, np.array(canary, dtype=bool), ok, values, group)
    return _in_order(records)


def _numbers(frame: pl.DataFrame, name: str, where: str) -> Floats:
    column = frame[name]
    if not column.dtype.is_numeric() and str(column.dtype) not in ("Boolean", "Null"):
        raise DataContractError(
            f"column '{name}' holds {column.dtype}, not numbers", where=where, remedy="give it as numbers"
        )
    if column.null_count():
        column = column.cast(float).fill_null(float("nan"))
    return np.array(column.to_numpy(), dtype=np.float64)


def _flags(column: pl.Series, where: str) -> Flags:
    written = column
    if str(column.dtype) in _TEXT:
        text = column.cast(str).str.strip_chars().str.to_lowercase()
        column = text.replace_strict(SPELLINGS, default=None)
    if not column.dtype.is_numeric() and str(column.dtype) not in {"Boolean", "Null"}:
        raise DataContractError(
            f"column 'ok' holds {column.dtype}, not true or false", where=where, remedy="give it as booleans"
        )
    known = (column == 0) | (column == 1) if column.dtype.is_numeric() else column.is_not_null()
    _refuse(~known.fill_null(value=False).to_numpy(), written, "ok", "true or false", where)
    return np.array(column.cast(bool).to_numpy(), dtype=bool)


def _refuse(bad: Any, values: Any, column: str, wanted: str, where: str) -> None:
    if bad.any():
        row = int(np.argmax(bad))
        found = values[row].item() if isinstance(values, np.ndarray) else values[row]
        raise DataContractError(
            f"column '{column}' has {found!r} at row {row}: {wanted} is needed ({int(bad.sum())} rows)",
            where=where,
            remedy="correct the export that wrote these records",
            details={"column": column, "row": row, "count": int(bad.sum())},
        )


def _groups(column: pl.Series) -> Codes:
    """Codes by falling frequency; all beyond the first few share the last one."""
    counts = (
        column.cast(str).fill_null("").value_counts().sort(["count", column.name], descending=[True, False])
    )
    code = {name: min(rank, MAX_GROUPS - 1) for rank, name in enumerate(counts[column.name].to_list())}
    return np.array([code[name] for name in column.cast(str).fill_null("").to_list()], dtype=np.int64)


def _in_order(records: Records) -> Records:
    t = records.t_s
    if np.any(t[1:] < t[:-1]):
        records = _select(records, np.argsort(t, kind="stable"))
    same = np.flatnonzero(records.t_s[1:] == records.t_s[:-1])
    if not len(same) or not np.any(records.t_s % 1):
        return records  # stamps in whole seconds: equal rows are likely different requests
    columns = [records.t_s, records.canary, records.ok, records.group, *records.values.values()]
    keys = np.column_stack([np.nan_to_num(c.astype(np.float64), nan=-1.0) for c in columns])
    suspects = np.unique(np.concatenate([same, same + 1]))
    _, first = np.unique(keys[suspects], axis=0, return_index=True)
    dropped = np.setdiff1d(suspects, suspects[first])
    if not len(dropped):
        return records
    keep = np.ones(len(records), dtype=bool)
    keep[dropped] = False
    kept = _select(records, np.flatnonzero(keep))
    note = f"{len(dropped)} records repeat another in every column and were dropped"
    return Records(kept.t_s, kept.canary, kept.ok, kept.values, kept.group, (*records.notes, note))


def _select(records: Records, index: Codes) -> Records:
    return Records(
        records.t_s[index],
        records.canary[index],
        records.ok[index],
        {name: column[index] for name, column in records.values.items()},
        records.group[index],
        records.notes,
    )
