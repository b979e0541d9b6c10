"""What is shipped: three packages with their data, and nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("soulspot_arr", "arr_compat", "blueprints")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names inside the wheel, built from a copy so that nothing is left in the repository."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    unwanted = shutil.ignore_patterns("__pycache__")
    for package in (*PACKAGES, "tests", "docs"):
        shutil.copytree(ROOT / package, source / package, ignore=unwanted)
    for name in ("setup.cfg", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    build = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [sys.executable, *build, "--wheel-dir", str(folder), str(source)],
        check=True,
        capture_output=True,
        text=True,
    )
    [built] = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_it_holds_exactly_our_three_packages(wheel: set[str]) -> None:
    """No tests, no docs, nothing that would lie beside somebody else's packages."""
    tops = {name.partition("/")[0] for name in wheel}
    info = {name for name in tops if re.fullmatch(r"soulspot_arr-[\d.]+\w*\.dist-info", name)}
    assert len(info) == 1
    assert tops - info == set(PACKAGES)


def test_every_file_of_the_packages_is_in_it(wheel: set[str]) -> None:
    """Modules, templates, static files, migrations and the typing marker."""
    here = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert here - wheel == set()
    for name in ("py.typed", "migrations/script.py.mako", "migrations/env.py"):
        assert f"soulspot_arr/{name}" in wheel
    assert any(name.startswith("soulspot_arr/migrations/versions/0001") for name in wheel)
    assert any(name.startswith("blueprints/templates/") for name in wheel)
    assert any(name.startswith("blueprints/static/") for name in wheel)
