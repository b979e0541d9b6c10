"""The reference pages name everything that the code has, and nothing that it has not."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from soulspot_arr import cli, errors, scheduler
from soulspot_arr.doctor.checks import Code
from soulspot_arr.sources import slskd_trouble
from tests.house import reference

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_QUOTED = re.compile(r'"((?:grab|download|import|peer|source|settings|lease|search)\.[a-z_]+)"')
_ROW = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)


def _rows(page: str) -> list[str]:
    """The first column of all tables of a page."""
    return _ROW.findall((DOCS / page).read_text(encoding="utf-8"))


def _code() -> str:
    sources = sorted((ROOT / "soulspot_arr").glob("*.py"))
    for room in ("rules", "blocklist", "completion"):
        sources += sorted((ROOT / "soulspot_arr" / room).glob("*.py"))
    return "\n".join(path.read_text(encoding="utf-8") for path in sources)


def _error_codes(kind: type[errors.SoulSpotError] = errors.SoulSpotError) -> Iterator[str]:
    yield kind.code
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from _error_codes(below)


def _commands(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                inner = list(_commands(below))
                yield from (f"{name} {rest}" for rest in inner) if inner else [name]


def test_every_setting_has_exactly_its_row() -> None:
    """`docs/settings.md` shows each setting with the key, variable, default and help of the code."""
    page = (DOCS / "settings.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in page if "| `SOULSPOT_" in line and "." in line.split("|")[1]] == (
        reference.setting_rows()
    )


@pytest.mark.parametrize(("name", "default"), list(reference.boot_options().items()))
def test_every_boot_option_has_a_row(name: str, default: object) -> None:
    """A boot option is documented with its variable and its default."""
    shown = str(default).lower() if isinstance(default, bool) else str(default) or "empty"
    page = (DOCS / "settings.md").read_text(encoding="utf-8").splitlines()
    row = next(line for line in page if line.startswith(f"| `{name}` |"))
    assert f"`SOULSPOT_{name.upper()}`" in row
    assert shown in row


def test_every_error_code_has_a_row() -> None:
    """`docs/errors.md` lists the codes of `errors.py`, each once."""
    assert sorted(_rows("errors.md")) == sorted(_error_codes())


def test_every_event_kind_has_a_row() -> None:
    """`docs/events.md` lists the kinds that the code records and no others."""
    settings = {spec.key for spec in reference.SPECS}
    assert set(_rows("events.md")) == set(_QUOTED.findall(_code())) - settings


def test_every_job_has_a_row() -> None:
    """`docs/jobs.md` lists the jobs and names their interval settings."""
    page = (DOCS / "jobs.md").read_text(encoding="utf-8")
    assert set(_rows("jobs.md")) == {"heartbeat", *(job.name for job in scheduler.JOBS)}
    for job in scheduler.JOBS:
        assert f"| `{job.name}` | `{job.interval}`" in page


def _health_codes() -> set[str]:
    text = (ROOT / "soulspot_arr" / "health.py").read_text(encoding="utf-8")
    chain = {"offline", "no_shares"}  # links of the chain that have names of their own
    worries = {f"slskd_{code}" for code in slskd_trouble.WORRIES if code not in chain}
    return set(re.findall(r'Check\(\s*"([a-z_]+)"', text)) | worries


def test_every_health_code_has_a_row() -> None:
    """`docs/troubleshooting.md` lists the codes of the checks, each once."""
    rows = _rows("troubleshooting.md")
    assert set(rows) >= _health_codes()
    assert len(set(rows)) == len(rows)


def test_every_finding_of_the_doctor_has_its_entry() -> None:
    """Whatever it can say is told with what it means and how to mend it."""
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    for code in {*Code, *_health_codes()}:
        (row,) = re.findall(rf"^\| `{code}` \|(.+)\|(.+)\|$", page, re.MULTILINE)
        assert all(cell.strip() for cell in row)


def test_the_doctor_has_no_other_codes() -> None:
    """A code that is written out by hand would escape its entry."""
    text = (ROOT / "soulspot_arr" / "doctor" / "checks.py").read_text(encoding="utf-8")
    assert re.findall(r'Check\(\s*"', text) == []
    assert all(f"Code.{code.name}" in text for code in Code)


def test_every_command_is_described() -> None:
    """`docs/cli.md` has a heading that names each command."""
    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    headings = " ".join(re.findall(r"^## (.+)$", page, re.MULTILINE)).replace(",", "")
    for command in _commands(cli._parser()):
        assert command in headings


def test_readme_shows_the_compose_file() -> None:
    """The compose file of the README is the one that lies beside it."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert f"```yaml\n{compose}```" in readme
