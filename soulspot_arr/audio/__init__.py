"""Audio files: is the sound what was wanted, and do the tags say what Lidarr has to read?

A workshop that is given paths and returns values: `verify` judges and changes nothing, `read_tags`
reads as Lidarr does, `write_tags` changes tags and proves that it changed no sound. It knows no
database, no source and no grab.
"""

from __future__ import annotations

from soulspot_arr.audio.decoding import Decoder, decoder
from soulspot_arr.audio.reading import read_tags
from soulspot_arr.audio.streams import fingerprint
from soulspot_arr.audio.tags import Cover, TagMode, TrackTags, Written, tags_of
from soulspot_arr.audio.values import (
    Container,
    Expected,
    Facts,
    FakeLossless,
    Finding,
    Strictness,
    Verification,
)
from soulspot_arr.audio.verification import verify
from soulspot_arr.audio.writing import TagsNotWritten, write_tags

__all__ = [
    "Container",
    "Cover",
    "Decoder",
    "Expected",
    "Facts",
    "FakeLossless",
    "Finding",
    "Strictness",
    "TagMode",
    "TagsNotWritten",
    "TrackTags",
    "Verification",
    "Written",
    "decoder",
    "fingerprint",
    "read_tags",
    "tags_of",
    "verify",
    "write_tags",
]
