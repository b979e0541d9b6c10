"""Makes real audio files of every kind: noise through real encoders, a second or two of it."""

from __future__ import annotations

import io
import random
from array import array
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import av

from soulspot_arr.audio import TrackTags

RATE = 44_100
# Ending: the format and the encoder of FFmpeg, and what the encoder is told.
KINDS: dict[str, tuple[str, str, dict[str, str]]] = {
    "flac": ("flac", "flac", {}),
    "mp3": ("mp3", "libmp3lame", {"b": "128k"}),
    "m4a": ("ipod", "aac", {"b": "128k"}),
    "fast.m4a": ("ipod", "aac", {"b": "128k"}),
    "alac.m4a": ("ipod", "alac", {}),
    "ogg": ("ogg", "vorbis", {"strict": "-2"}),
    "opus": ("ogg", "libopus", {"b": "96k"}),
    "wma": ("asf", "wmav2", {"b": "128k"}),
    "wv": ("wv", "wavpack", {}),
    "wav": ("wav", "pcm_s16le", {}),
    "aiff": ("aiff", "pcm_s16be", {}),
}
TAGGED = ("flac", "mp3", "m4a", "fast.m4a", "alac.m4a", "ogg", "opus")
TAGS = TrackTags(
    title="Für Élise",
    artist="AC/DC",
    album="Back; in Black",
    album_artist="AC/DC",
    number=3,
    total=12,
    disc=1,
    discs=2,
    date="1980-07-25",
    media="CD",
    release_id="11111111-0000-4000-8000-000000000001",
    release_group_id="22222222-0000-4000-8000-000000000002",
    recording_id="33333333-0000-4000-8000-000000000003",
    track_id="44444444-0000-4000-8000-000000000004",
    artist_id="55555555-0000-4000-8000-000000000005",
    performer_id="66666666-0000-4000-8000-000000000006",
)
_SAMPLES = {"wv": "s16p", "alac.m4a": "s16p"}


def noise(seconds: float, *, seed: int = 1, rate: int = RATE) -> bytes:
    """White noise in stereo, 16 bits, at a quarter of full scale."""
    count = int(seconds * rate) * 2
    loud: array[int] = array("h", random.Random(seed).randbytes(count * 2))
    return array("h", [value >> 2 for value in loud]).tobytes()


def silence(seconds: float) -> bytes:
    """Nothing at all."""
    return bytes(int(seconds * RATE) * 4)


@cache
def encoded(kind: str, seconds: float = 2.0, *, quiet: bool = False, seed: int = 1) -> bytes:
    """A whole file of this kind."""
    return encode(kind, silence(seconds) if quiet else noise(seconds, seed=seed))


def encode(
    kind: str,
    pcm: bytes,
    *,
    rate: int = RATE,
    form: str = "",
    options: dict[str, str] | None = None,
) -> bytes:
    """Encode stereo samples of 16 bits; `form` is the sample format the encoder is to take."""
    told = options or {}
    with NamedTemporaryFile() as file:  # a box at the front of an MP4 is moved there afterwards
        container, codec, usual = KINDS[kind]
        muxer = {"movflags": "faststart"} if kind == "fast.m4a" else {}
        with av.open(file.name, "w", format=container, options=muxer) as writer:
            target = 48_000 if kind == "opus" else rate
            stream: Any = writer.add_stream(codec, rate=target, options=usual | told)
            _fill(writer, stream, pcm, rate, form or _SAMPLES.get(kind, ""))
        return Path(file.name).read_bytes()


def _fill(writer: Any, stream: Any, pcm: bytes, rate: int, form: str) -> None:
    stream.layout = "stereo"
    stream.format = form or stream.codec.audio_formats[0].name
    resampler = av.AudioResampler(format=stream.format, layout="stereo", rate=stream.rate)
    for at in range(0, len(pcm), 4096 * 4):
        block = pcm[at : at + 4096 * 4]
        frame: Any = av.AudioFrame(format="s16", layout="stereo", samples=len(block) // 4)
        frame.planes[0].update(block.ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate, frame.pts = rate, at // 4
        for ready in resampler.resample(frame):
            writer.mux(stream.encode(ready))
    for ready in resampler.resample(None):
        writer.mux(stream.encode(ready))
    writer.mux(stream.encode(None))


def decoded(data: bytes) -> bytes:
    """The sound of an encoded file as stereo samples of 16 bits at 44.1 kHz."""
    resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
    parts = []
    with av.open(io.BytesIO(data), "r") as reader:
        for frame in [*reader.decode(audio=0), None]:
            for ready in resampler.resample(frame):
                parts.append(bytes(ready.planes[0])[: ready.samples * 4])
    return b"".join(parts)


def put(folder: Path, name: str, data: bytes) -> Path:
    """Write a file and tell where."""
    path = folder / name
    path.write_bytes(data)
    return path


def file_of(folder: Path, kind: str, seconds: float = 2.0) -> Path:
    """A file of this kind on disk, named after it."""
    return put(folder, f"01 Song.{kind.rpartition('.')[2]}", encoded(kind, seconds))


def raw(reader: Any, path: Path) -> Any:
    """The file as mutagen sees it; its classes carry no types."""
    return reader(path)


def frame(kind: Any, **values: Any) -> Any:
    """A frame of mutagen's."""
    return kind(**values)
