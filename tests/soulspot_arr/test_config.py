"""Boot configuration: precedence, secrets from files, sentences about mistakes, the secret key."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from soulspot_arr.config import Config
from soulspot_arr.errors import ConfigError


def load(data_dir: Path, environ: Mapping[str, str] | None = None, **given: object) -> Config:
    """Load with this data directory; `given` is the command line."""
    return Config.load({"SOULSPOT_DATA_DIR": str(data_dir), **(environ or {})}, given)


def complaint(data_dir: Path, environ: Mapping[str, str] | None = None, **given: object) -> str:
    """The sentence of the ConfigError that loading raises."""
    with pytest.raises(ConfigError) as caught:
        load(data_dir, environ, **given)
    assert "\n" not in caught.value.message
    return caught.value.message


@pytest.fixture
def forbidden(tmp_path: Path) -> Iterator[Path]:
    """A folder this process may not write to; root, who may write everywhere, steps down."""
    folder = tmp_path / "forbidden"
    folder.mkdir()
    folder.chmod(0o555)
    if os.geteuid() != 0:
        yield folder
        return
    os.seteuid(65534)
    yield folder
    os.seteuid(0)


# -- where a value comes from ----------------------------------------------------------------------

TOML = 'log_level = "ERROR"\nthreads = 8\nhost = "10.0.0.1"\n'


def test_defaults_are_those_of_the_container(tmp_path: Path) -> None:
    """Without any configuration: all addresses, port 8585, SQLite in the data directory."""
    config = load(tmp_path)
    assert (config.host, config.port, config.url_base) == ("0.0.0.0", 8585, "")
    assert config.database_url == f"sqlite:///{tmp_path}/soulspot.db"
    assert config.sqlite_path == tmp_path / "soulspot.db"
    assert (config.threads, config.log_level, config.log_format) == (32, "INFO", "text")
    assert config.auto_migrate is True
    assert config.trusted_proxies == 0
    assert {**config.sources, "data_dir": "default"} == dict.fromkeys(config.sources, "default")
    assert config.sources["data_dir"] == "environment"


def test_file_beats_default_environment_beats_file_command_line_beats_environment(
    tmp_path: Path,
) -> None:
    """One option decided at each step of the ladder, and the origin is remembered."""
    (tmp_path / "soulspot.toml").write_text(TOML)
    config = load(
        tmp_path,
        {"SOULSPOT_THREADS": "16", "SOULSPOT_HOST": "10.0.0.2"},
        host="10.0.0.3",
    )
    assert (config.log_level, config.threads, config.host) == ("ERROR", 16, "10.0.0.3")
    assert config.sources["log_level"] == "soulspot.toml"
    assert config.sources["threads"] == "environment"
    assert config.sources["host"] == "command line"
    assert config.sources["port"] == "default"


def test_what_the_command_line_leaves_out_does_not_count(tmp_path: Path) -> None:
    """argparse hands over None for every option that was not given."""
    assert load(tmp_path, {"SOULSPOT_PORT": "9000"}, port=None).port == 9000


def test_an_empty_variable_is_no_variable(tmp_path: Path) -> None:
    """Compose files pass on unset variables as empty texts."""
    environ = {"SOULSPOT_PORT": "", "SOULSPOT_HOST_FILE": "", "SOULSPOT_SLSKD_URL": ""}
    config = load(tmp_path, environ)
    assert (config.port, config.host) == (8585, "0.0.0.0")
    assert config.pins == {}


def test_the_data_directory_of_the_command_line_wins_and_names_the_file(tmp_path: Path) -> None:
    """`--data-dir` decides which soulspot.toml is read."""
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    (chosen / "soulspot.toml").write_text("port = 1234\n")
    environ = {"SOULSPOT_DATA_DIR": str(tmp_path / "other")}
    config = Config.load(environ, {"data_dir": str(chosen)})
    assert (config.data_dir, config.port) == (chosen, 1234)
    assert not (tmp_path / "other").exists()


def test_a_relative_data_directory_becomes_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later change of the working directory must not move the database."""
    monkeypatch.chdir(tmp_path)
    assert Config.load({}, {}).data_dir == tmp_path / "data"


@pytest.mark.parametrize("name", ["with space", "ümlaut", "100%25", "a'b"])
def test_odd_folder_names_still_hold_the_database(tmp_path: Path, name: str) -> None:
    """The path in the URL is the path on disk."""
    config = load(tmp_path / name)
    assert config.sqlite_path == tmp_path / name / "soulspot.db"


# -- secrets from files ----------------------------------------------------------------------------


def test_a_boot_option_is_read_from_a_mounted_secret(tmp_path: Path) -> None:
    """`SOULSPOT_DATABASE_URL_FILE` points to the value; its line end does not count."""
    secret = tmp_path / "url"
    secret.write_text("postgresql://u:p@db/soulspot\n")
    config = load(tmp_path, {"SOULSPOT_DATABASE_URL_FILE": str(secret)})
    assert config.database_url == "postgresql://u:p@db/soulspot"
    assert config.sqlite_path is None


def test_a_setting_is_pinned_from_a_mounted_secret_even_beside_a_plain_one(tmp_path: Path) -> None:
    """`…_FILE` wins over the plain variable, whichever comes first in the environment."""
    secret = tmp_path / "key"
    secret.write_text("from-the-file\n")
    plain, file = "SOULSPOT_SLSKD_API_KEY", "SOULSPOT_SLSKD_API_KEY_FILE"
    for environ in ({plain: "plain", file: str(secret)}, {file: str(secret), plain: "plain"}):
        assert load(tmp_path, environ).pins == {plain: "from-the-file"}


def test_a_secret_file_that_is_missing_is_told_by_name(tmp_path: Path) -> None:
    """The sentence carries the variable, the path and the reason."""
    path = tmp_path / "nowhere"
    assert complaint(tmp_path, {"SOULSPOT_SLSKD_API_KEY_FILE": str(path)}) == (
        f"SOULSPOT_SLSKD_API_KEY_FILE points to {path}, which cannot be read: "
        "No such file or directory"
    )


def test_a_secret_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    """A binary file is refused, not guessed at."""
    path = tmp_path / "binary"
    path.write_bytes(b"\xff\xfe\x00")
    assert complaint(tmp_path, {"SOULSPOT_SECRET_KEY_FILE": str(path)}) == (
        f"SOULSPOT_SECRET_KEY_FILE points to {path}, which cannot be read: not text"
    )


def test_pins_are_only_what_is_no_boot_option(tmp_path: Path) -> None:
    """Boot options and foreign variables never become settings."""
    environ = {"SOULSPOT_PORT": "9000", "SOULSPOT_LIDARR_URL": "http://l", "PATH": "/bin"}
    assert load(tmp_path, environ).pins == {"SOULSPOT_LIDARR_URL": "http://l"}


def test_secrets_stay_out_of_repr(tmp_path: Path) -> None:
    """A configuration that ends up in a log shows neither the key nor pinned settings."""
    config = load(tmp_path, {"SOULSPOT_SLSKD_API_KEY": "very-private"})
    assert config.secret_key not in repr(config)
    assert "very-private" not in repr(config)


# -- values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "raw", "sentence"),
    [
        ("PORT", "abc", "port (environment): 'abc' is not a port number (0 to 65535)."),
        ("PORT", "70000", "port (environment): '70000' is not a port number (0 to 65535)."),
        ("PORT", "-1", "port (environment): '-1' is not a port number (0 to 65535)."),
        ("THREADS", "2", "threads (environment): '2' is not a number of threads (4 to 256)."),
        ("THREADS", "4.5", "threads (environment): '4.5' is not a number of threads (4 to 256)."),
        (
            "LOG_LEVEL",
            "LOUD",
            "log_level (environment): 'LOUD' is not one of DEBUG, INFO, WARNING, ERROR.",
        ),
        ("LOG_FORMAT", "xml", "log_format (environment): 'xml' is not one of text, json."),
        ("AUTO_MIGRATE", "maybe", "auto_migrate (environment): 'maybe' is neither true nor false."),
        ("URL_BASE", "/a?b", "url_base (environment): '/a?b' is not a path such as /soulspot."),
        ("URL_BASE", "/a//b", "url_base (environment): '/a//b' is not a path such as /soulspot."),
        (
            "TRUSTED_PROXIES",
            "many",
            "trusted_proxies (environment): 'many' is not the number of reverse proxies in front "
            "(0 to 10).",
        ),
        (
            "SLSKD_INSTANCES",
            "9",
            "slskd_instances (environment): '9' is not a number of slskd instances (1 to 8).",
        ),
        ("SECRET_KEY", "short", "SOULSPOT_SECRET_KEY needs at least 16 characters."),
    ],
)
def test_a_bad_value_is_told_in_one_sentence(
    tmp_path: Path, variable: str, raw: str, sentence: str
) -> None:
    """The sentence names the option, where it came from, what was found and what is expected."""
    assert complaint(tmp_path, {f"SOULSPOT_{variable}": raw}) == sentence


def test_a_bad_value_of_the_command_line_says_so(tmp_path: Path) -> None:
    """The origin in the sentence is the one that has to be mended."""
    assert complaint(tmp_path, {"SOULSPOT_PORT": "9000"}, port="x").startswith(
        "port (command line): 'x'"
    )


@pytest.mark.parametrize(
    ("raw", "value"),
    [("1", True), ("yes", True), ("On", True), ("TRUE", True), ("0", False), ("no", False)],
)
def test_yes_and_no_in_their_usual_spellings(tmp_path: Path, raw: str, value: bool) -> None:
    """A flag is read as people write it."""
    assert load(tmp_path, {"SOULSPOT_AUTO_MIGRATE": raw}).auto_migrate is value


@pytest.mark.parametrize(
    ("raw", "value"), [("soulspot", "/soulspot"), ("/a/b/", "/a/b"), ("/", ""), ("  ", "")]
)
def test_the_url_base_has_one_slash_in_front_and_none_behind(
    tmp_path: Path, raw: str, value: str
) -> None:
    """However it was written, the rest of the code sees one form."""
    assert load(tmp_path, {"SOULSPOT_URL_BASE": raw}).url_base == value


# -- soulspot.toml ---------------------------------------------------------------------------------


def test_typed_values_of_the_file_are_taken(tmp_path: Path) -> None:
    """Numbers and flags of TOML need no quotes."""
    (tmp_path / "soulspot.toml").write_text("port = 9001\nauto_migrate = false\n")
    config = load(tmp_path)
    assert (config.port, config.auto_migrate) == (9001, False)


def test_an_unknown_option_of_the_file_is_told_with_the_known_ones(tmp_path: Path) -> None:
    """A typing mistake must not be ignored silently; settings belong elsewhere."""
    path = tmp_path / "soulspot.toml"
    path.write_text("prot = 9001\n")
    assert complaint(tmp_path) == (
        f"{path}: unknown option 'prot'; known are auto_migrate, database_url, host, log_format, "
        "log_level, port, slskd_instances, threads, trusted_proxies, url_base. Settings such as "
        "slskd.url are set in the environment or through the API."
    )


@pytest.mark.parametrize(
    "content", [b"port = ", b"\xff\xff", b"port = true\n", b"port = 80.5\n", b'host = ["a"]\n']
)
def test_a_file_that_cannot_be_used_is_a_configuration_error(
    tmp_path: Path, content: bytes
) -> None:
    """Broken syntax, bytes that are no text and values of the wrong type end in a sentence."""
    (tmp_path / "soulspot.toml").write_bytes(content)
    assert complaint(tmp_path)


# -- the data directory ----------------------------------------------------------------------------


def test_the_data_directory_is_made_with_its_parents(tmp_path: Path) -> None:
    """A first start needs no preparation, and leaves no probe behind."""
    load(tmp_path / "a" / "b")
    assert [entry.name for entry in (tmp_path / "a" / "b").iterdir()] == ["secret.key"]


def test_a_file_in_place_of_the_data_directory_is_told(tmp_path: Path) -> None:
    """Neither a file nor something below a file can hold the data."""
    path = tmp_path / "data"
    path.write_text("")
    assert complaint(path) == (
        f"The data directory {path} cannot be written (File exists). Give the service a folder it "
        "may write to with --data-dir or SOULSPOT_DATA_DIR."
    )
    assert "(Not a directory)" in complaint(path / "below")


def test_a_data_directory_that_may_not_be_written_is_told(forbidden: Path) -> None:
    """The usual mistake with a container: the volume belongs to somebody else."""
    assert complaint(forbidden) == (
        f"The data directory {forbidden} cannot be written (Permission denied). Give the service a "
        "folder it may write to with --data-dir or SOULSPOT_DATA_DIR."
    )


def test_looking_without_create_makes_nothing(tmp_path: Path) -> None:
    """`create=False` is for commands that only look."""
    path = tmp_path / "data"
    config = Config.load({"SOULSPOT_DATA_DIR": str(path)}, {}, create=False)
    assert config.secret_key == ""
    assert not path.exists()


# -- the secret key --------------------------------------------------------------------------------


def test_the_secret_key_is_made_once_and_kept(tmp_path: Path) -> None:
    """The second start finds the key of the first, readable by its owner only."""
    first = load(tmp_path)
    assert len(first.secret_key) == 64
    assert load(tmp_path).secret_key == first.secret_key
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_two_folders_have_two_keys(tmp_path: Path) -> None:
    """The key is random."""
    assert load(tmp_path / "a").secret_key != load(tmp_path / "b").secret_key


def test_a_given_secret_key_is_not_written_down(tmp_path: Path) -> None:
    """Who brings the key keeps it."""
    config = load(tmp_path, {"SOULSPOT_SECRET_KEY": "0123456789abcdef"})
    assert config.secret_key == "0123456789abcdef"
    assert not (tmp_path / "secret.key").exists()


@pytest.mark.parametrize("content", ["", "abc\n"])
def test_a_key_that_was_cut_off_is_never_replaced_silently(tmp_path: Path, content: str) -> None:
    """A new key would break the links that Lidarr holds; a person has to decide."""
    path = tmp_path / "secret.key"
    path.write_text(content)
    assert complaint(tmp_path) == (
        f"The secret key {path} is empty or cut off. Restore it from a backup, or delete it to get "
        "a new one (links that Lidarr still holds then stop working)."
    )
    assert path.read_text() == content


def test_a_key_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A folder in its place, or bytes that are no text."""
    (tmp_path / "secret.key").mkdir()
    assert complaint(tmp_path).startswith(f"The secret key {tmp_path}/secret.key cannot be read")


def test_a_file_system_without_hard_links_holds_a_key_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Network shares; the key is still written whole, and kept."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    key = load(tmp_path).secret_key
    assert load(tmp_path).secret_key == key
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret.key"]


STARTER = """
import sys
from soulspot_arr.config import Config
sys.stdin.readline()
print(Config.load({"SOULSPOT_DATA_DIR": sys.argv[1]}, {}).secret_key)
"""


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    """Web and worker meet in an empty folder; neither may keep a key that the other replaced."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", STARTER, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    keys = {process.communicate(timeout=30)[0].strip() for process in processes}
    assert keys == {(tmp_path / "secret.key").read_text().strip()}
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret.key"]
