"""The walls of the house: who may import whom, how large things get, and what is kept out."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("soulspot_arr", "arr_compat", "blueprints")
BROAD = {"Exception", "BaseException"}
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    """The path as it reads in the repository."""
    return path.relative_to(ROOT).as_posix()


@cache
def text(path: Path) -> str:
    """What is in the file."""
    return path.read_text(encoding="utf-8", errors="replace")


@cache
def told(path: Path) -> tuple[ast.Module, tuple[ast.AST, ...]]:
    """The file parsed once, and those of its nodes that somebody asks for."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ExceptHandler, ast.Attribute)
    return tree, tuple(node for node in ast.walk(tree) if isinstance(node, kinds))


def nodes(paths: list[Path], *kinds: type[ast.AST]) -> Iterator[tuple[Path, ast.AST]]:
    """Every node of these kinds in these files."""
    for path in paths:
        for node in told(path)[1]:
            if isinstance(node, kinds):
                yield path, node


def test_the_import_contracts_hold() -> None:
    """A room may only look down; `setup.cfg` says which lies where."""
    script = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_no_file_is_longer_than_450_lines() -> None:
    """What grows beyond is two rooms; tests are read as well."""
    lengths = {name_of(path): len(text(path).splitlines()) for path in (*SOURCES, *TESTS)}
    assert {name: length for name, length in lengths.items() if length > 450} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    """Except for migrations, which are lists."""
    paths = [path for path in SOURCES if "versions" not in path.parts]
    long = [
        f"{name_of(path)}: {node.name}"
        for path, node in nodes(paths, ast.FunctionDef, ast.AsyncFunctionDef)
        if isinstance(node, Function) and (node.end_lineno or 0) - node.lineno >= 60
    ]
    assert long == []


def test_no_corridor_without_a_room() -> None:
    """There is no `utils`, no `helpers`, and nothing else whose name says nothing."""
    names = {"util", "utils", "helper", "helpers", "misc", "common"}
    assert [name_of(path) for path in (*SOURCES, *TESTS) if names & {path.stem, *path.parts}] == []


def test_every_module_says_what_it_is_for() -> None:
    """The first thing an engineer reads; markers of empty test folders excepted."""
    silent = [
        name_of(path)
        for path in (*SOURCES, *TESTS)
        if text(path).strip() and not ast.get_docstring(told(path)[0])
    ]
    assert silent == []


def test_every_test_says_what_it_is_about() -> None:
    """One line of intent for each."""
    silent = [
        f"{name_of(path)}: {node.name}"
        for path, node in nodes(TESTS, ast.FunctionDef)
        if isinstance(node, Function)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def broad_handlers() -> Iterator[tuple[Path, ast.ExceptHandler]]:
    """Handlers that take every exception there is."""
    for path, node in nodes(SOURCES, ast.ExceptHandler):
        assert isinstance(node, ast.ExceptHandler)
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        if any(
            kind is None or (isinstance(kind, ast.Name) and kind.id in BROAD) for kind in caught
        ):
            yield path, node


def test_broad_handlers_are_few_and_explained() -> None:
    """At most five in the whole project, each with the reason on the line before."""
    found = list(broad_handlers())
    assert len(found) <= 5
    for path, handler in found:
        before = text(path).splitlines()[handler.lineno - 2].strip()
        assert before.startswith("#"), f"{name_of(path)}:{handler.lineno} has no reason"


def test_no_test_is_skipped() -> None:
    """Whatever a test needs is installed with the tests; a skipped one proves nothing."""
    skipping = re.compile(r"pytest\.(skip|importorskip|xfail)\(|mark\.(skip|skipif|xfail)\b")
    found = [
        name_of(path) for path in TESTS if path != Path(__file__) and skipping.search(text(path))
    ]
    assert found == []


def test_the_environment_is_read_in_one_place() -> None:
    """Configuration is handed in; only `config` knows the process environment."""
    core = [path for path in SOURCES if not {"demo", "simulator"} & set(path.parts)]
    readers = {
        name_of(path)
        for path, node in nodes(core, ast.Attribute)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
        if isinstance(node.value, ast.Name) and node.value.id == "os"
    }
    assert readers == {"soulspot_arr/config.py"}


@cache
def repository() -> tuple[Path, ...]:
    """Every text file that belongs to the project, with or without git."""
    outside = {".git", ".venv", "build", "dist", "data", "__pycache__", "node_modules"}
    found = []
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") and part not in {".ci", ".github"} for part in parts[:-1])
        if not path.is_file() or hidden or outside & set(parts) or ".egg-info" in str(path):
            continue
        if path.suffix in {
            ".py",
            ".md",
            ".cfg",
            ".toml",
            ".yml",
            ".yaml",
            ".html",
            ".js",
            ".css",
            "",
        }:
            found.append(path)
    return tuple(found)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?<![\w.])/root/",
        r"--(extra-)?index-url",
        r"(index|registry)[-_]?(url|host)\s*[=:]",
        r"/(simple|artifactory|nexus)/",
        r"\b(TODO|FIXME|XXX|HACK)\b",
    ],
)
def test_nothing_speaks_of_somebodys_machine(pattern: str) -> None:
    """No private paths, no package mirrors, no notes to oneself: the project stands by itself."""
    words = re.compile(pattern)
    found = [
        f"{name_of(path)}: {line.strip()[:80]}"
        for path in repository()
        if path != Path(__file__) and words.search(text(path))
        for line in text(path).splitlines()
        if words.search(line)
    ]
    assert found == []
