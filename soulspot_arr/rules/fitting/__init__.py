"""Which edition the files of a job are, what is to be written into them, and who is to blame.

Sound comes before words: a file whose length is not that of the track is another version, whatever
it is called, and is never tagged over. Nothing is read or written here.
"""

from __future__ import annotations

from soulspot_arr.rules.fitting.future import WRITABLE, written
from soulspot_arr.rules.fitting.planning import plan
from soulspot_arr.rules.fitting.values import Piece, Placed, Plan, Refusal

__all__ = ["WRITABLE", "Piece", "Placed", "Plan", "Refusal", "plan", "written"]
