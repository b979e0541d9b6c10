"""`/transfers` (contract slskd §5): the two ways to enqueue, lists, cancel, position.

Validates and words the answers; records and jobs belong to `downloads`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from soulspot_arr.simulator.application import Application
from soulspot_arr.simulator.clock import Script
from soulspot_arr.simulator.downloads import Enqueued
from soulspot_arr.simulator.process import SoulseekError
from soulspot_arr.simulator.transfers import Batch, Transfer
from soulspot_arr.simulator.web import Refused, Reply, Request, Router, empty, lowered, reply_json
from soulspot_arr.simulator.wire import EMPTY_GUID, Json, has_traversal, parse_guid

_ABSOLUTE = re.compile(r"^(?:[A-Za-z]:[\\/]|/|\\\\)")
_SAVE_FAILED = "Object reference not set to an instance of an object."


@dataclass(frozen=True, slots=True)
class _Order:
    """A validated batch request."""

    id: str
    search_id: str | None
    username: str
    files: list[tuple[str, int]]
    destination: str | None
    options_null: bool


class TransferRoutes:
    """Handlers of the transfer endpoints."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._records = app.downloads.records

    def register(self, router: Router) -> None:
        """Add the routes below `/api/v0`; batches exist since 0.26.0."""
        add, root = router.add, "transfers/downloads"
        if self._app.process.profile.batches:
            add("POST", f"{root}/batches", self._post_batch, body=True)
            add("GET", f"{root}/batches/{{id}}", self._batch)
        add("POST", f"{root}/{{username}}", self._post, body=True)
        add("GET", root, self._list)
        add("GET", f"{root}/{{username}}", self._of_user)
        add("GET", f"{root}/{{username}}/{{id}}", self._get)
        add("GET", f"{root}/{{username}}/{{id}}/position", self._position)
        add("DELETE", f"{root}/{{username}}/{{id}}", self._delete)
        add("DELETE", f"{root}/all/completed", self._clear)
        add("GET", "transfers/uploads", self._uploads)
        add("GET", "transfers/uploads/{username}", self._no_upload)
        add("GET", "transfers/uploads/{username}/{id}", self._no_upload)
        add("DELETE", "transfers/uploads/all/completed", lambda _: empty(204))
        add("DELETE", "transfers/uploads/{username}/{id}", lambda _: empty(204))

    def _guard(self) -> None:
        if self._app.agent:
            raise Refused(403)

    # -- enqueue ---------------------------------------------------------------------------------

    def _post_batch(self, request: Request) -> Script[Reply]:
        self._guard()
        order = _order(request.fields(), self._app.process.new_id())
        self._app.enqueue_throttle.take()
        try:
            return (yield from self._enqueue_batch(order))
        finally:
            self._app.enqueue_throttle.give()

    def _enqueue_batch(self, order: _Order) -> Script[Reply]:
        downloads = self._app.downloads
        try:
            yield from downloads.reach(order.username)
            if order.options_null:
                raise Refused(500, _SAVE_FAILED)
            if self._records.batch(order.id) is not None:
                raise Refused(409, f"A batch with ID {order.id} already exists")
            batch = Batch(
                order.id,
                order.username,
                self._app.process.clock.wall(),
                order.search_id,
                order.destination,
            )
            # The row precedes the connection, so a dead peer burns the id (contract slskd §5.3).
            self._records.add_batch(batch)
            result = yield from downloads.enqueue(order.username, order.files, batch)
        except SoulseekError as error:
            raise Refused(404 if error.kind == "offline" else 500, error.message) from error
        failures: list[Json] = [
            {"filename": name, "message": text} for name, text in result.refused
        ]
        status = 207 if failures else 201
        if len(failures) == len(order.files):
            status = 200
        body: Json = {"batch": self._records.batch_json(batch), "failures": failures}
        return reply_json(body, status)

    def _post(self, request: Request) -> Script[Reply]:
        self._guard()
        profile = self._app.process.profile
        files = _legacy_files(request.json(), strict=profile.validates_numbers)
        self._app.enqueue_throttle.take()
        username = request.params["username"]
        downloads = self._app.downloads
        try:
            yield from downloads.reach(username)
            if len(set(files)) != len(files):
                raise Refused(
                    500, "Two or more files in request are duplicated (Parameter 'files')"
                )
            result = yield from downloads.enqueue(username, files)
            if not profile.async_enqueue:
                failures = yield from downloads.wait_settled(result.jobs)
                failures += [text for _, text in result.refused]
                if failures:
                    raise Refused(500, f"One or more errors occurred. ({'; '.join(failures)})")
                return empty(201)
        except SoulseekError as error:
            raise Refused(500, error.message) from error
        finally:
            self._app.enqueue_throttle.give()
        return reply_json(self._legacy_body(result), 201)

    def _legacy_body(self, result: Enqueued) -> Json:
        failed: list[Json] = [
            {} if self._app.process.profile.failed_as_objects else name
            for name, _ in result.refused
        ]
        enqueued: list[Json] = [dict(self._records.json(t, fresh=True)) for t in result.accepted]
        return {"enqueued": enqueued, "failed": failed}

    # -- look ------------------------------------------------------------------------------------

    def _batch(self, request: Request) -> Reply:
        self._guard()
        id_ = parse_guid(request.params["id"])
        if id_ is None:
            raise Refused(400, f"The specified id {request.params['id']} is not a valid GUID/UUID")
        batch = self._records.batch(id_)
        if batch is None:
            raise Refused(404)
        return reply_json(self._records.batch_json(batch))

    def _list(self, request: Request) -> Reply:
        self._guard()
        hidden = request.flag("includeRemoved")
        users: dict[str, list[Transfer]] = {}
        for record in self._records:
            if record.direction == "Download" and (hidden or not record.removed):
                users.setdefault(record.username, []).append(record)
        return reply_json([self._records.group(name, own) for name, own in users.items()])

    def _of_user(self, request: Request) -> Reply:
        self._guard()
        username = request.params["username"]
        own = [t for t in self._records.of_user(username) if not t.removed]
        if not own:
            raise Refused(404)
        return reply_json(self._records.group(username, own))

    def _find(self, request: Request) -> Transfer:
        self._guard()
        id_ = parse_guid(request.params["id"])
        if id_ is None:
            raise Refused(400)
        record = self._records.get(id_)
        if record is None or record.direction != "Download":
            raise Refused(404)
        return record

    def _get(self, request: Request) -> Reply:
        return reply_json(self._records.json(self._find(request)))

    def _position(self, request: Request) -> Script[Reply]:
        self._guard()
        if self._app.downloads.directory.blacklisted(request.params["username"]):
            raise Refused(404)
        record = self._find(request)
        try:
            place = yield from self._app.downloads.place_in_queue(record)
        except SoulseekError as error:
            raise Refused(500, error.message) from error
        return reply_json(place)

    # -- end -------------------------------------------------------------------------------------

    def _delete(self, request: Request) -> Reply:
        self._guard()
        id_ = parse_guid(request.params["id"])
        if id_ is None:
            raise Refused(400)
        remove = request.flag("remove")
        self._app.downloads.cancel(id_)
        if remove:
            self._app.downloads.remove(id_)
        return empty(204)

    def _clear(self, _: Request) -> Reply:
        self._guard()
        self._app.downloads.remove_all_completed()
        return empty(204)

    def _uploads(self, request: Request) -> Reply:
        self._guard()
        users: dict[str, list[Transfer]] = {}
        for record in self._records:
            if record.direction == "Upload":
                users.setdefault(record.username, []).append(record)
        return reply_json([self._records.group(name, own) for name, own in users.items()])

    def _no_upload(self, _: Request) -> Reply:
        self._guard()
        raise Refused(404)


def _guid_field(body: dict[str, Json], name: str) -> str | None:
    """Null is fine; otherwise a GUID that is neither blank nor all zero."""
    value = body.get(name.lower())
    if value is None:
        return None
    id_ = parse_guid(value)
    if id_ is None or id_ == EMPTY_GUID:
        raise Refused(400, f"{name}: must be a non-empty GUID")
    return id_


def _destination(options: Json) -> str | None:
    if not isinstance(options, dict):
        raise Refused(400, "The JSON value could not be converted: options")
    value = lowered(options).get("destination")
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise Refused(400, "Destination: must not be empty or consist only of whitespace")
    if _ABSOLUTE.match(value):
        raise Refused(400, "Destination: must be a relative path")
    if has_traversal(value):
        raise Refused(400, "Destination: must not contain path traversal segments")
    return value


def _batch_files(value: Json) -> list[tuple[str, int]]:
    if not isinstance(value, list) or not value:
        raise Refused(400, "Files: at least one file is required")
    files: list[tuple[str, int]] = []
    for item in value:
        if item is None:
            raise Refused(400, "One or more files in the request are null")
        file = lowered(item)
        if file.get("size") is None:
            raise Refused(400, "Size: The Size field is required.")
        files.append((_filename(file), _size(file)))
    if len({name for name, _ in files}) != len(files):
        raise Refused(400, "Two or more files in the request are repeated")
    return files


def _filename(file: dict[str, Json]) -> str:
    name = file.get("filename")
    if not isinstance(name, str) or not name.strip():
        raise Refused(400, "Filename: The Filename field is required.")
    if has_traversal(name):
        raise Refused(
            400, "One or more files in the request contain a dangerous path traversal segment"
        )
    return name


def _size(file: dict[str, Json]) -> int:
    size = file.get("size", 0)
    if isinstance(size, bool) or not isinstance(size, int):
        raise Refused(400, "The JSON value could not be converted to System.Int64")
    if size < 0:
        raise Refused(400, "Size: must be greater than or equal to 0")
    return size


def _order(body: dict[str, Json], new_id: str) -> _Order:
    username = body.get("username")
    if not isinstance(username, str) or not username.strip() or len(username) > 500:
        raise Refused(400, "Username: The Username field is required.")
    options = body.get("options", {})
    return _Order(
        id=_guid_field(body, "id") or new_id,
        search_id=_guid_field(body, "searchId"),
        username=username,
        files=_batch_files(body.get("files")),
        destination=None if options is None else _destination(options),
        options_null=options is None,
    )


def _legacy_files(body: Json, *, strict: bool) -> list[tuple[str, int]]:
    if not isinstance(body, list):
        raise Refused(400, "The JSON value could not be converted to a list of requests")
    if not body and strict:
        raise Refused(400, "At least one file is required")
    if not body:
        raise Refused(500, "At least one file is required (Parameter 'files')")
    if any(item is None for item in body):
        raise Refused(400, "One or more files in the request are null")
    files = []
    for item in body:
        file = lowered(item)
        files.append((_filename(file), _size(file)))
    return files
