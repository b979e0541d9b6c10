"""Questions that were answered by searching, why the answers are what they are, and new ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from blueprints import search_schemas as schemas
from blueprints.rest import Resource, page, services
from soulspot_arr.domain import Query
from soulspot_arr.search.questions import Explanation, QuestionView

resource = Resource("searches", "Questions that were answered by searching, and why as they were.")


class _Query(TypedDict, total=False):
    before: int
    limit: int


@resource.route("")
@resource.arguments(schemas.SearchesQuery, location="query")
@resource.response(200, schemas.QuestionPage)
def listing(query: _Query) -> Mapping[str, object]:
    """List questions, newest first"""
    found = services().search.questions.page(before=query.get("before"), limit=query["limit"])
    return page(found, query["limit"])


@resource.route("", methods=["POST"])
@resource.arguments(schemas.NewSearch)
@resource.response(202, schemas.Question)
def ask(query: Query) -> QuestionView:
    """Look for an album as Lidarr would

    The answer comes at once, with the id of the question: read it until its phase is no longer
    `running`. Nothing is grabbed. A question that was answered a moment ago is not asked again.
    """
    return services().search.questions.find(services().search.ask(query))


@resource.route("/<row_id:question_id>")
@resource.response(200, schemas.Explanation)
def one(question_id: int) -> Explanation:
    """Explain the answer to one question"""
    return services().search.questions.find(question_id)
