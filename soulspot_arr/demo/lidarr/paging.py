"""Lists in pages, as Lidarr's API hands them out (contract lidarr §11).

Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from soulspot_arr.demo.lidarr.serving import Request
from soulspot_arr.demo.lidarr.tables import Row


def page(request: Request, rows: Sequence[Row], *, key: str, descending: bool = False) -> Row:
    """One page of all rows, sorted by what the request names or by `key`."""
    number = max(request.number("page", 1), 1)
    size = max(request.number("pageSize", 10), 1)
    wanted = request.text("sortKey") or key
    direction = request.text("sortDirection").lower()
    down = direction.startswith("desc") if direction in ("ascending", "descending") else descending
    ordered = sorted(rows, key=lambda row: _order(row, wanted), reverse=down)
    return {
        "page": number,
        "pageSize": size,
        "sortKey": wanted,
        "sortDirection": "descending" if down else "ascending",
        "totalRecords": len(rows),
        "records": ordered[(number - 1) * size : number * size],
    }


def _order(row: Row, key: str) -> tuple[int, str]:
    value = row
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None  # type: ignore[assignment]
    return (1, "") if value is None else (0, str(value))
