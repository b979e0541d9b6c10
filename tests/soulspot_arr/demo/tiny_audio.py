"""Real, tagged, tiny audio files: eight-bit WAV at a hundred samples per second."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

from mutagen.id3 import TALB, TDRC, TIT2, TPE1, TPE2, TPOS, TRCK, TXXX
from mutagen.wave import WAVE

from soulspot_arr.demo.library import Album

_FRAMES: dict[str, Any] = {
    "title": TIT2,
    "album": TALB,
    "artist": TPE1,
    "album_artist": TPE2,
    "number": TRCK,
    "disc": TPOS,
    "date": TDRC,
}


def write_audio(path: Path, seconds: float, **tags: str) -> Path:
    """Write one file of this length; `release_id` becomes the MusicBrainz album id."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(1)
        audio.setframerate(100)
        audio.writeframes(b"\x80" * round(seconds * 100))
    if tags:
        opened: Any = WAVE
        tagged = opened(path)
        tagged.add_tags()
        for name, text in tags.items():
            if name == "release_id":
                frame: Any = TXXX
                tagged.tags.add(frame(desc="MusicBrainz Album Id", text=[text]))
            else:
                tagged.tags.add(_FRAMES[name](text=[text]))
        tagged.save()
    return path


def write_album(folder: Path, album: Album, *, discs_in_folders: bool = False) -> list[Path]:
    """Write every track of the album's first edition, properly tagged."""
    written: list[Path] = []
    for track in album.editions[0].tracks:
        home = folder / f"CD{track.disc}" if discs_in_folders else folder
        written.append(
            write_audio(
                home / f"{track.disc}-{track.number:02d} {track.title}.wav",
                track.seconds,
                title=track.title,
                album=album.title,
                artist=album.artist,
                album_artist=album.artist,
                number=str(track.number),
                disc=str(track.disc),
                date=str(album.year),
            )
        )
    return written
