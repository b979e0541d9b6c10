"""Under which name a record stands on a shelf: aliases, notes, reissue years, slips of the pen."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from tests.corpus.catalogue import Target
from tests.corpus.library import plain
from tests.corpus.mutations import is_latin, misspell
from tests.corpus.records import VARIOUS, Record, Song

_MISSPELLED = 0.05  # of the shelves
_REISSUED = 0.12  # carry the year of a reissue
_NOTED = 0.16  # carry a note that says nothing about the tracks
_SHORT = 0.15  # of the names of two artists are cut to the first
_NOTES = (
    "(Remastered)",
    "[Remastered 2009]",
    "(Limited Edition)",
    "[Reissue]",
    "(Vinyl Rip)",
    "[WEB]",
    "(Explicit)",
    "- 20th Anniversary Edition",
    "[Bonus Tracks]",
    "(Digipak)",
)
_SUFFIXES = (
    " (Remastered)",
    " - 2009 Remaster",
    " - Remastered 2011",
    " (Album Version)",
    " [Explicit]",
)
# "Bob Marley & The Wailers" is shelved under Bob Marley, "Simon & Garfunkel" never under Simon.
_BAND = re.compile(r"(.+?) (?:&|and) (?:the|his|her) .+", re.IGNORECASE)
_DUO = re.compile(r"(\S+ [^,]*?\S) (?:&|feat\.|with|x) .+", re.IGNORECASE)


def as_called(record: Record, target: Target, rng: random.Random, *, told: bool = True) -> Record:
    """The record with the names, the year and the titles as they stand on one shelf.

    `told` says whether lengths are shown; without them a classical share names who plays.
    """
    called = _by_name(record, target, rng)
    if target.stratum == "classical" and record.disambiguation:
        called = _by_performer(called, target, rng, told=told)
    else:
        called = _by_album(called, target, rng)
    if called.year and rng.random() < _REISSUED:
        called = replace(called, year=min(2024, called.year + rng.randrange(3, 25)))
    if rng.random() < _NOTED:
        called = replace(called, album=f"{called.album} {rng.choice(_NOTES)}")
    if rng.random() < 0.04 and not any(song.key.startswith("version:") for song in called.songs):
        suffix = rng.choice(_SUFFIXES)
        songs = tuple(replace(song, title=song.title + suffix) for song in called.songs)
        called = replace(called, songs=songs)
    return _misspelled(called, rng) if rng.random() < _MISSPELLED else called


def _by_name(record: Record, target: Target, rng: random.Random) -> Record:
    wanted = target.wanted
    artist = record.artist
    foreign = not is_latin(wanted.artist + wanted.album)
    if artist == wanted.artist and wanted.aliases and rng.random() < (0.4 if foreign else 0.1):
        artist = rng.choice(wanted.aliases)
    short = _BAND.fullmatch(artist) or _DUO.fullmatch(artist)
    if short and artist != VARIOUS and rng.random() < _SHORT:
        artist = short[1]
    return replace(record, artist=artist)


def _by_album(record: Record, target: Target, rng: random.Random) -> Record:
    wanted, album = target.wanted, record.album
    foreign = not is_latin(wanted.artist + wanted.album)
    if plain(album) == plain(wanted.album):
        if wanted.titles and rng.random() < (0.4 if foreign else 0.15):
            album = rng.choice(wanted.titles)
        if record.disambiguation and rng.random() < 0.55:
            album = f"{album} ({record.disambiguation})"
        if record.note and rng.random() < 0.6:
            album = f"{album} {rng.choice(('({})', '[{}]', '- {}')).format(record.note)}"
    return replace(record, album=album)


def _by_performer(record: Record, target: Target, rng: random.Random, *, told: bool) -> Record:
    """Composer, performer or both; the performer always where nothing else would tell."""
    wanted, album = target.wanted, record.album
    who = record.disambiguation
    if plain(album) == plain(wanted.album) and wanted.titles and rng.random() < 0.3:
        album = rng.choice(wanted.titles)
    roll = rng.random()
    if roll < 0.2:  # shelved under the performer, the composer before the work or not at all
        before = f"{record.artist} - " if rng.random() < 0.7 else ""
        return replace(record, artist=who.partition(",")[0], album=f"{before}{album}")
    if roll < 0.75 or not told or who != wanted.disambiguation:
        album = f"{album} ({who})" if rng.random() < 0.7 else f"{who.partition(',')[0]} - {album}"
    return replace(record, album=album)


def _misspelled(record: Record, rng: random.Random) -> Record:
    """With a letter wrong in the album's name or in some titles."""

    def slip(song: Song) -> Song:
        wrong = rng.random() < 0.25
        return replace(song, title=misspell(song.title, rng)) if wrong else song

    album = misspell(record.album, rng) if rng.random() < 0.5 else record.album
    return replace(record, album=album, songs=tuple(slip(song) for song in record.songs))
