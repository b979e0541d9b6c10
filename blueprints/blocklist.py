"""Who and what is refused: listed, added, taken off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict

from blueprints import blocklist_schemas as schemas
from blueprints.rest import Resource, page, services
from soulspot_arr.blocklist import Block, Filter, Removed
from soulspot_arr.rules.blocking import Entry

resource = Resource("blocklist", "Peers, folders, files and phrases that are refused.")


class _Query(TypedDict):
    before: int | None
    limit: int
    only: Filter


class _New(TypedDict):
    entry: Entry
    expires_at: datetime | None


@resource.route("")
@resource.arguments(schemas.BlocklistQuery, location="query")
@resource.response(200, schemas.BlockPage)
def listing(query: _Query) -> Mapping[str, object]:
    """List the lines in force, newest first"""
    found = services().blocklist.page(query["only"], before=query["before"], limit=query["limit"])
    return page(found, query["limit"])


@resource.route("", methods=["POST"])
@resource.arguments(schemas.NewBlock)
@resource.response(201, schemas.AddedBlock)
def add(new: _New) -> Block:
    """Refuse something from now on

    Files of it that wait or are on their way are stopped and fetched from elsewhere, unless it
    is so wide that the answer warns of it.
    """
    return services().commands.block(new["entry"], expires_at=new["expires_at"])


@resource.route("/<row_id:block_id>")
@resource.response(200, schemas.Block)
def one(block_id: int) -> Block:
    """Show one line"""
    return services().blocklist.find(block_id)


@resource.route("/<row_id:block_id>", methods=["DELETE"])
@resource.response(200, schemas.RemovedBlocks)
def remove(block_id: int) -> Removed:
    """Take one line off

    Files of open grabs that only this line held back are asked for again.
    """
    return services().blocklist.remove_one(block_id)


@resource.route("/delete", methods=["POST"])
@resource.arguments(schemas.BlockIds)
@resource.response(200, schemas.RemovedBlocks)
def remove_several(body: Mapping[str, list[int]]) -> Removed:
    """Take several lines off"""
    return services().blocklist.remove(body["ids"])
