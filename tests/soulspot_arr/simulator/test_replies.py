"""Family C, continued: what search replies look like and who answers which query."""

from __future__ import annotations

import unicodedata

import pytest

from soulspot_arr.simulator.audio import AudioSpec
from soulspot_arr.simulator.matching import TEMPERAMENTS, parse
from tests.soulspot_arr.simulator.rig import Rig


def test_C25_attributes_by_kind_and_client(rig: Rig) -> None:
    """FLAC without bit rate, MP3 without bit depth, and files that announce nothing."""
    rig.peer("anna", client="slskd")
    rig.world.share("anna", "M\\set\\01 tide.flac", AudioSpec(10))
    rig.world.share("anna", "M\\set\\02 tide.mp3", AudioSpec(10, "mp3", bitrate=192))
    rig.world.share("anna", "M\\set\\03 tide.flac", AudioSpec(10), attributes=False)
    ((flac, mp3, bare),) = [r["files"] for r in rig.found("tide")]
    assert (flac["bitDepth"], flac["sampleRate"], flac["length"]) == (16, 44100, 10)
    assert "bitRate" not in flac
    assert (mp3["bitRate"], mp3["length"], mp3["isVariableBitRate"]) == (192, 10, False)
    assert "bitDepth" not in mp3
    assert bare["extension"] == ""
    assert not {"length", "bitDepth", "bitRate", "sampleRate"} & bare.keys()
    assert flac["size"] == AudioSpec(10).size


@pytest.mark.parametrize(
    "path",
    [
        "/home/u/music/Geogaddi/01 tide.flac",
        "@@abcde\\Music\\Set\\01 tide.flac",
        "Music\\AC/DC\\x\\tide.mp3",
        unicodedata.normalize("NFD", "Músíc\\Début\\01 tide.flac"),
        "Music\\" + "é" * 150 + " tide.flac",
    ],
)
def test_C26_names_come_back_verbatim(rig: Rig, path: str) -> None:
    """Whatever separators, markers, forms and lengths."""
    rig.peer("anna", path)
    ((file,),) = [r["files"] for r in rig.found("tide")]
    assert file["filename"] == path


@pytest.mark.parametrize(
    ("client", "query", "path", "fits"),
    [
        ("slskd", "bjork debut", "Music\\Björk\\Début\\01.flac", True),
        ("slskd", "bjork", unicodedata.normalize("NFD", "Björk\\01.flac"), True),
        ("slskd", "beat", "Music\\The Beatles\\01.flac", False),
        ("slskd", "*eatles", "Music\\The Beatles\\01.flac", False),
        ("slskd", "don't", "Music\\Don't Stop.mp3", True),
        ("slskd", "don't", "Music\\Don’t Stop.mp3", True),
        ("slskd", "don't", "Music\\Dont Stop.mp3", False),
        ("slskd", "don't", "Music\\t don Stop.mp3", False),
        ("slskd", "low !!!", "Music\\low !!! tide.mp3", False),
        ("slskd", "龍一", "Music\\坂本龍一.mp3", False),
        ("slskd", "low -live", "Music\\Low Live.mp3", False),
        ("nicotine", "bjork", "Music\\Björk\\01.flac", False),
        ("nicotine", "björk", "Music\\Björk\\01.flac", True),
        ("nicotine", "*eatles the", "Music\\The Beatles\\01.flac", True),
        ("nicotine", "*eatles", "Music\\The Beatles\\01.flac", False),
        ("nicotine", "don't", "Music\\Don't Stop.mp3", True),
        ("nicotine", "low -live", "Music\\Low Live.mp3", False),
        ("nicotine", "ab", "Music\\ab.mp3", False),
        ("qt", "low tide", "Music\\Low Tide.mp3", True),
        ("qt", "low (tide)", "Music\\Low (Tide).mp3", False),
        ("qt", "don't", "Music\\Don't.mp3", False),
    ],
)
def test_who_answers_which_query(client: str, query: str, path: str, fits: bool) -> None:
    """Each kind of client reads a query in its own way."""
    assert TEMPERAMENTS[client](parse(query).sent())(path) is fits


def test_one_letter_words_are_not_sent(rig: Rig) -> None:
    """`Simon & Garfunkel` works because the `&` never leaves."""
    rig.peer("anna", "Music\\Simon and Garfunkel\\01.flac")
    assert len(rig.found("Simon & Garfunkel")) == 1


@pytest.mark.parametrize(("client", "cap"), [("slskd", 500), ("nicotine", 300)])
def test_replies_are_capped(rig: Rig, client: str, cap: int) -> None:
    """So an album may be incomplete in a reply."""
    rig.peer("anna", *[f"Music\\tide\\{n:04d}.mp3" for n in range(600)], client=client)
    (response,) = rig.found("tide")
    assert response["fileCount"] == cap


def test_peer_facts_in_replies(rig: Rig) -> None:
    """Slot, speed and queue as announced; the token is the search's."""
    rig.peer("anna", "M\\low tide.mp3", free_slots=0, queue_length=7, advertised_speed=123)
    id_ = rig.search("tide")["id"]
    rig.advance(20)
    (response,) = rig.get(f"searches/{id_}/responses").json()
    assert response["hasFreeUploadSlot"] is False
    assert (response["uploadSpeed"], response["queueLength"]) == (123, 7)
    assert response["token"] == rig.state(id_)["token"]


def test_a_peer_may_answer_twice(rig: Rig) -> None:
    """The same user can appear more than once."""
    rig.peer("anna", "M\\a tide.mp3", "M\\b tide.mp3", response_parts=2)
    assert [r["username"] for r in rig.found("tide")] == ["anna", "anna"]
