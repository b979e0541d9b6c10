"""The SABnzbd double: what it sends, which answers are errors, how it removes."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from soulspot_arr.demo.faults import (
    ClientError,
    ClientUnavailable,
    RejectedByClient,
    WholePollLost,
)
from soulspot_arr.demo.sabnzbd_client import SabnzbdClient, upload_name
from tests.soulspot_arr.demo.sabnzbd_shapes import history_slot, lists, queue_slot
from tests.soulspot_arr.demo.scripted import Answer, Scripted, as_json


def test_1_2_poll_sends_queue_then_history_in_lidarrs_parameter_order(
    server: Scripted, client: SabnzbdClient
) -> None:
    """R4 and R5 carry exactly Lidarr's query strings and headers."""
    lists(server)
    client.items()
    assert server.queries() == [
        "mode=queue&start=0&limit=0&category=music&apikey=K&output=json",
        "mode=history&start=0&limit=60&category=music&apikey=K&output=json",
    ]
    assert {asked.path for asked in server.asked} == {"/sabnzbd/api"}
    headers = server.asked[0].headers
    assert headers["Accept"] == "application/json"
    assert re.fullmatch(r"Lidarr/\d+(\.\d+)+ \(\S+ \S+\)", headers["User-Agent"])


def test_1_1_without_key_user_and_password_are_sent(server: Scripted) -> None:
    """A blank API key switches to the two ma_ parameters; a blank category is left out."""
    lists(server)
    SabnzbdClient(server.url, "", "", login=("u s", "p&w")).items()
    assert server.queries()[0] == (
        "mode=queue&start=0&limit=0&ma_username=u%20s&ma_password=p%26w&output=json"
    )


def test_1_2_R6_upload_has_one_raw_utf8_part_and_a_cleaned_name(
    server: Scripted, client: SabnzbdClient
) -> None:
    """The multipart body is Lidarr's, byte for byte except for the boundary."""
    server.on(as_json({"status": True, "nzo_ids": ["SABnzbd_nzo_x", "other"]}), mode="addfile")
    nzo_id = client.add(b"<nzb/>", "(FLAC) Sigur Rós/x: ( ) - 2002")
    asked = server.asked[0]
    assert nzo_id == "SABnzbd_nzo_x"
    assert asked.method == "POST"
    assert asked.raw_query == "mode=addfile&cat=music&priority=-100&apikey=K&output=json"
    boundary = asked.headers["Content-Type"].removeprefix("multipart/form-data; boundary=")
    assert asked.body.decode() == (
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="name"; '
        'filename="(FLAC) Sigur Rós+x - ( ) - 2002.nzb"\r\n'
        "Content-Type: application/x-nzb\r\n\r\n"
        f"<nzb/>\r\n--{boundary}--\r\n"
    )


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("AC/DC", "AC+DC.nzb"),
        ("a\\b", "a+b.nzb"),
        ("Live: x:y", "Live - x-y.nzb"),
        ('What? *<>|"', "What! -.nzb"),
        (" .. lead and trail  ", "lead and trail.nzb"),
    ],
)
def test_1_2_upload_names_are_cleaned_like_file_names(title: str, name: str) -> None:
    """The upload is called after the cleaned title, not after the title."""
    assert upload_name(title) == name


@pytest.mark.parametrize(
    "answer",
    [
        as_json({"status": True}),
        as_json({"status": True, "nzo_ids": []}),
        as_json({"status": True, "nzo_ids": None}),
        as_json({"status": True, "nzo_ids": "text"}),
        Answer(b"ok"),
        as_json([1]),
    ],
)
def test_1_4_R6_an_upload_without_id_is_a_rejection(
    server: Scripted, client: SabnzbdClient, answer: Answer
) -> None:
    """Missing, empty or odd nzo_ids count as rejected by the client."""
    server.on(answer, mode="addfile")
    with pytest.raises(RejectedByClient):
        client.add(b"", "t")


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (Answer(b"", 200), "empty"),
        (Answer(b"null"), "null"),
        (as_json({"status": False, "error": "no such job"}), "no such job"),
        (as_json({"status": "FALSE", "error": "as a word"}), "as a word"),
        (as_json({"Status": False, "Error": "any case"}), "any case"),
        (Answer(b"ERROR: API Key Incorrect"), "API Key Incorrect"),
        (as_json({"status": True}, 403), "[403]"),
        (as_json({"status": True}, 429), "[429]"),
        (as_json({"status": True}, 500), "[500]"),
    ],
)
def test_1_3_answers_that_are_errors(
    server: Scripted, client: SabnzbdClient, answer: Answer, text: str
) -> None:
    """Each error rule turns the call into a client error with the right text."""
    server.on(answer)
    with pytest.raises(ClientError, match=re.escape(text)):
        client.version()


@pytest.mark.parametrize(
    "body",
    [
        b'{"status": 0}',
        b'{"status": null}',
        b'{"status": {"a": 1}}',
        b'{"status": []}',
        b'{"error": "alone"}',
        b"[]",
        b'"text"',
        b"<html>",
        b"OK",
    ],
)
def test_1_3_answers_that_are_not_errors(
    server: Scripted, client: SabnzbdClient, body: bytes
) -> None:
    """The probe lets these pass; the version is merely unknown."""
    server.on(Answer(body))
    assert client.version() is None


def test_1_1_redirects_are_not_followed(server: Scripted, client: SabnzbdClient) -> None:
    """A 3xx is read as the answer, fails to decode, and nothing else is asked."""
    server.on(Answer(b"<html>moved</html>", 308, {"Location": f"{server.url}/sabnzbd/api/"}))
    with pytest.raises(WholePollLost, match="not JSON"):
        client.items()
    assert len(server.asked) == 1


def test_1_3_a_refused_connection_is_unavailability() -> None:
    """A closed port is another kind of failure than an error answer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(ClientUnavailable):
        SabnzbdClient(f"http://127.0.0.1:{port}", "K").version()


def test_3_6_a_queued_item_is_removed_from_the_queue(
    server: Scripted, client: SabnzbdClient
) -> None:
    """R4 looks the id up, R7 deletes it; nothing goes to the history."""
    lists(server, [queue_slot()])
    (item,) = client.items()
    server.asked.clear()
    client.remove(item)
    assert [query.split("&apikey")[0] for query in server.queries()] == [
        "mode=queue&start=0&limit=0&category=music",
        "mode=queue&name=delete&del_files=1&value=SABnzbd_nzo_a",
    ]


@pytest.mark.parametrize(
    ("status", "archive", "folder_stays"), [("Completed", "1", False), ("Failed", "0", True)]
)
def test_3_6_a_finished_item_is_removed_from_the_history(
    server: Scripted,
    client: SabnzbdClient,
    tmp_path: Path,
    *,
    status: str,
    archive: str,
    folder_stays: bool,
) -> None:
    """A completed folder is deleted by Lidarr itself before R8; failed ones are not archived."""
    folder = tmp_path / "job"
    folder.mkdir()
    lists(server, (), [history_slot(status=status, storage=str(folder))])
    (item,) = client.items()
    server.asked.clear()
    client.remove(item)
    assert server.queries()[1] == (
        "mode=history&name=delete&del_files=1&value=SABnzbd_nzo_b"
        f"&archive={archive}&apikey=K&output=json"
    )
    assert folder.exists() is folder_stays


def test_1_4_duplicate_ids_break_removal(server: Scripted, client: SabnzbdClient) -> None:
    """Two queue slots with one id make the single-or-default look-up throw."""
    lists(server, [queue_slot(), queue_slot()])
    with pytest.raises(ClientError, match="share the id"):
        client.remove(client.items()[0])


def test_1_3_an_empty_delete_answer_fails(server: Scripted, client: SabnzbdClient) -> None:
    """An empty 200 to a delete is an error, so Lidarr would repeat it for ever."""
    lists(server, (), [history_slot(storage="")])
    (item,) = client.items()
    server.on(Answer(b""), name="delete")
    with pytest.raises(ClientError):
        client.remove(item)
