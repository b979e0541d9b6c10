"""The tables of the reference pages as the code would write them.

`python -m tests.house.reference` prints them, ready to be pasted into `docs/settings.md`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from soulspot_arr.config import Config
from soulspot_arr.domain import SettingSpec
from soulspot_arr.sources.slskd import SETTINGS
from soulspot_arr.specs import CORE_SPECS

SPECS: tuple[SettingSpec, ...] = (*CORE_SPECS, *SETTINGS)


def setting_rows() -> list[str]:
    """One row of `docs/settings.md` for each runtime setting, in the order of declaration."""
    return [
        f"| `{spec.key}` | `{spec.variable}` | {_default(spec)} | {_limits(spec)} | {_words(spec)} |"
        for spec in SPECS
    ]


def boot_options() -> dict[str, object]:
    """Name and default of every boot option that a file or a variable can set."""
    with TemporaryDirectory() as folder:
        config = Config.load({}, {"data_dir": Path(folder)}, create=False)
    names = [name for name in config.sources if name not in {"database_url", "data_dir"}]
    return {name: getattr(config, name) for name in names}


def _default(spec: SettingSpec) -> str:
    value = spec.default
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return f"`{','.join(value)}`" if value else "empty"
    if isinstance(value, float):
        return f"`{value:g}`" if value < 1_000_000 else f"`{value:.0f}`"
    return f"`{value}`" if value != "" else "empty"


def _limits(spec: SettingSpec) -> str:
    if spec.choices:
        return ", ".join(f"`{choice}`" for choice in spec.choices)
    ends = [f"{end:g}" if end is not None else "" for end in (spec.minimum, spec.maximum)]
    if not any(ends):
        return {bool: "true, false", list: "a,b,c"}.get(spec.type, "")
    return f"{ends[0]} to {ends[1]}" if all(ends) else f"from {ends[0]}"


def _words(spec: SettingSpec) -> str:
    secret = " Secret." if spec.secret else ""
    return spec.help.replace("|", "\\|").replace("<", "&lt;") + secret


def _pages() -> Iterator[str]:
    group = ""
    for spec, row in zip(SPECS, setting_rows(), strict=True):
        if spec.group != group:
            group = spec.group
            yield f"\n### {group}\n"
            yield "| key | variable | default | limits | meaning |"
            yield "|---|---|---|---|---|"
        yield row


if __name__ == "__main__":
    print("\n".join(_pages()))
