"""Which clients answer which words (peers report §3.5)."""

from __future__ import annotations

from collections import Counter

import pytest

from soulspot_arr.domain import RawFile
from tests.corpus.catalogue import targets
from tests.corpus.network import (
    BANNED,
    Client,
    FullText,
    Network,
    Question,
    by_words,
    client_of,
    is_banned,
    is_hidden,
)
from tests.corpus.shares import Peer, World, folder_of, in_folders

SLSKD, NICOTINE, QT = Client.SLSKD, Client.NICOTINE, Client.QT


@pytest.mark.parametrize(
    ("client", "text", "path", "found"),
    [
        (SLSKD, "bjork joga", "Music\\Björk\\01 Jóga.flac", True),
        (NICOTINE, "bjork joga", "Music\\Björk\\01 Jóga.flac", False),
        (NICOTINE, "björk jóga", "Music\\Björk\\01 Jóga.flac", True),
        (QT, "bjork joga", "Music\\Björk\\01 Jóga.flac", False),
        (SLSKD, "björk", "Music\\Bjo\u0308rk\\01.flac", True),
        (SLSKD, "*eatles help", "The Beatles\\Help!\\01 Help!.mp3", False),
        (NICOTINE, "*eatles help", "The Beatles\\Help!\\01 Help!.mp3", True),
        (NICOTINE, "*eatles *elp", "The Beatles\\Help!\\01 Help!.mp3", False),
        (QT, "*eatles help", "The Beatles\\Help!\\01 Help!.mp3", True),
        (SLSKD, "beat* help", "The Beatles\\Help!\\01 Help!.mp3", False),
        (SLSKD, "!!! myth takes", "!!!\\Myth Takes\\01.mp3", False),
        (NICOTINE, "!!! myth takes", "!!!\\Myth Takes\\01.mp3", True),
        (QT, "!!! myth takes", "!!!\\Myth Takes\\01.mp3", False),
        (SLSKD, "simon & garfunkel", "Simon & Garfunkel\\01.mp3", True),
        (SLSKD, "don't", "Don’t\\01.mp3", True),
        (SLSKD, "don't", "Dont\\01.mp3", False),
        (SLSKD, "ac/dc", "ACDC\\01.mp3", False),
        (SLSKD, "ac/dc", "AC-DC\\01.mp3", True),
        (QT, "ac/dc", "AC-DC\\01.mp3", False),
        (NICOTINE, "ac/dc", "AC-DC\\01.mp3", True),
        (SLSKD, "龍一", "坂本龍一\\01.mp3", False),
        (SLSKD, "坂本龍一", "坂本龍一\\01.mp3", True),
        (SLSKD, "мусоргскии", "Мусоргский\\01.mp3", False),
        (SLSKD, "キャンフ", "キャンプ\\01.mp3", False),
        (SLSKD, "computer -live", "OK Computer\\01.mp3", True),
        (SLSKD, "computer -live", "OK Computer (Live)\\01.mp3", False),
        (NICOTINE, "computer -live", "OK Computer (Live)\\01.mp3", False),
        (QT, "computer", "OK_Computer\\01.mp3", True),
        (NICOTINE, "comput", "OK Computer\\01.mp3", False),
    ],
)
def test_clients_differ_in_what_they_find(
    client: Client, text: str, path: str, found: bool
) -> None:
    """A row for every fact."""
    question = Question.read(text)
    assert question is not None
    if client is SLSKD:
        index = FullText([path, "Somebody Else\\Another.mp3"])
        assert (path in index.paths(question)) is found
        index.close()
    else:
        assert by_words(path, question, strict=client is QT) is found


@pytest.mark.parametrize("text", ["", "a", "a b c", "-live", "- x"])
def test_a_query_of_nothing_but_letters_is_refused(text: str) -> None:
    """Words of one letter are dropped before sending; what is left over is nothing."""
    assert Question.read(text) is None


def world_of(artist_is: str, paths: list[str]) -> World:
    """Some files at one Nicotine+ peer, around a target whose artist is as wanted."""
    target = next(
        target
        for target in targets()
        if is_banned(target.wanted.artist) == (artist_is == "banned")
        and is_hidden(target.wanted.artist) == (artist_is == "hidden")
        and target.wanted.artist.isalpha()
    )
    name = next(f"peer{n}" for n in range(99) if client_of(f"peer{n}") is NICOTINE)
    files = [
        RawFile(path, path, 1) for path in (p.format(artist=target.wanted.artist) for p in paths)
    ]
    return World(target, (), in_folders(Peer(name), files))


def test_the_server_drops_queries_with_some_names() -> None:
    """The album alone still finds it."""
    world = world_of("banned", ["{artist}\\Some Album\\01 Song.mp3"])
    assert Network(world).answer(f"{world.target.wanted.artist} some album") == []
    assert len(Network(world).answer("some album")) == 1


def test_peers_leave_out_paths_with_some_names() -> None:
    """Only differently written folders come back."""
    world = world_of("hidden", ["{artist}\\Album\\01 Song.mp3", "Various\\Album\\01 Song.mp3"])
    assert [folder.path for folder in Network(world).answer("album song")] == ["Various\\Album"]


def test_few_names_are_banned_or_hidden() -> None:
    """A small share of the artists, the same ones for ever."""
    artists = {target.wanted.artist for target in targets()}
    assert sum(is_banned(artist) for artist in artists) < 2.5 * BANNED * len(artists)


def test_a_folder_comes_back_with_its_matching_files_alone() -> None:
    """Peers send files, not folders."""
    world = world_of("free", ["A\\B\\01 Airbag.mp3", "A\\B\\02 Lucky.mp3"])
    (folder,) = Network(world).answer("lucky")
    assert [file.path for file in folder.files] == ["A\\B\\02 Lucky.mp3"]


def test_nicotine_sends_three_hundred_files_at_most() -> None:
    """All its folders together."""
    world = world_of("free", [f"A\\{n % 4}\\{n:03d} Song.mp3" for n in range(400)])
    assert sum(len(folder.files) for folder in Network(world).answer("song")) == 300


def test_every_client_has_its_share() -> None:
    """About a third each, by the peer's name."""
    counts = Counter(client_of(f"peer {n}") for n in range(3000))
    assert all(0.27 < counts[client] / 3000 < 0.38 for client in Client)


def test_folders_are_cut_at_the_last_separator() -> None:
    """Of either kind."""
    assert folder_of("A\\B\\c.mp3") == "A\\B"
    assert folder_of("/a/b/c.mp3") == "/a/b"
    assert folder_of("c.mp3") == ""
