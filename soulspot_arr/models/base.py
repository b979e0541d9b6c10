"""What all tables share: names of constraints, and states as text with a CHECK."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from sqlalchemy import MetaData, TextClause, text
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Common metadata."""

    metadata = MetaData(naming_convention=NAMING)


def one_of(column: str, states: type[StrEnum]) -> str:
    return f"{column} IN ({', '.join(repr(state.value) for state in states)})"


def among(states: Collection[StrEnum]) -> TextClause:
    return text(f"status IN ({', '.join(sorted(repr(state.value) for state in states))})")
