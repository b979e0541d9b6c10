"""Runtime settings: look and change. Their names, types and defaults live in the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blueprints import schemas
from blueprints.rest import Resource, services
from soulspot_arr.settings import SettingView

resource = Resource("settings", "Runtime settings; a change takes effect within seconds.")


@resource.route("")
@resource.response(200, schemas.Setting(many=True))
def listing() -> Sequence[SettingView]:
    """List all settings, secrets masked"""
    return services().settings.views()


@resource.route("", methods=["PATCH"])
@resource.arguments(
    schemas.SettingChanges, example={"search.budget": 45, "lidarr.url": "http://lidarr:8686"}
)
@resource.response(200, schemas.Setting(many=True))
def change(changes: Mapping[str, Any]) -> Sequence[SettingView]:
    """Change settings, all or none

    A masked secret that is sent back stays as it is. 409: an environment variable pins the setting.
    """
    services().settings.patch(changes)
    services().reload_source()  # a mended key counts at once
    return services().settings.views()
