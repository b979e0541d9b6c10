"""What is wrong between us and slskd, and how a person mends it.

Turns a failed or a worrying answer into a `SourceStatus`: a code, a sentence, a fix. It asks slskd
nothing; all it does outside is one look at what a port speaks, when http and https may be mixed up.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from soulspot_arr.domain import SourceStatus
from soulspot_arr.errors import SourceAuth, SourceError, SourceProtocol
from soulspot_arr.sources.slskd_http import Address, base_url, speaks_tls
from soulspot_arr.sources.slskd_wire import (
    Abilities,
    as_flag,
    as_int,
    as_object,
    as_text,
    is_logged_in,
)

_FEW_SLOTS = 100
_SHORTEST_KEY = 16  # contract slskd §1.2
_BAD_REQUEST = 400
_HERE = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - compared, not bound

UNCONFIGURED = SourceStatus(
    False,
    "The address of slskd is not set.",
    "Enter slskd's address and an API key in the settings.",
    code="unconfigured",
)

# By the cause that `slskd_http` names.
_WAYS: Mapping[str, str] = {
    "url": "Set SOULSPOT_SLSKD_URL to an address like http://slskd:5030: http://, the name of "
    "slskd's container, and its port.",
    "name": "In Docker write the name of slskd's container or service, for instance "
    "http://slskd:5030, and put both containers into the same network. Without Docker write the "
    "IP address of the machine on which slskd runs.",
    "refused": "Nothing listens on that port. Start slskd (`docker compose ps` shows whether it "
    "runs) and write the port it has inside its own container, 5030 for http, whatever the compose "
    "file publishes.",
    "silent": "Check the address. In Docker write the name of slskd's container instead of an IP "
    "address, http://slskd:5030, and put both containers into the same network. Between two "
    "machines, a firewall may be in the way.",
    "slow": "slskd may be starting, scanning its shares, or waiting for a slow disk: look again in "
    "a minute. If it stays like that, restart slskd, or raise SOULSPOT_SLSKD_READ_TIMEOUT.",
    "cut": "Look whether slskd keeps restarting (`docker compose logs slskd`). If a proxy stands in "
    "between, write slskd's own address instead, for instance http://slskd:5030.",
    "certificate": "slskd makes its certificate itself. Set SOULSPOT_SLSKD_VERIFY_TLS to false, or "
    "write http:// and port 5030.",
    "tls": "Write http:// and port 5030 instead of https://.",
    "server": "Look at slskd's log (`docker compose logs slskd`) and restart slskd if it stays.",
    "proxy": "A proxy answers in slskd's place. Write slskd's own address instead, for instance "
    "http://slskd:5030, or start slskd if it is down.",
    "no_key": "Choose a key of at least 16 characters. Enter it in slskd (slskd.yml, "
    "web.authentication.api_keys, or the variable SLSKD_API_KEY of its container) and the same key "
    "here as SOULSPOT_SLSKD_API_KEY, then restart both containers.",
    "key": "SOULSPOT_SLSKD_API_KEY must be, sign by sign, a key of slskd (slskd.yml, "
    "web.authentication.api_keys, or the variable SLSKD_API_KEY of its container), and the key's "
    "cidr must allow the address of our container.",
    "role": "Give the key the role readwrite in slskd.yml, and do not run slskd as a relay agent.",
    "plain_port": "Write http:// instead of https://: slskd speaks http on port 5030 and https on "
    "port 5031.",
    "tls_port": "Write https:// instead of http:// and set SOULSPOT_SLSKD_VERIFY_TLS to false, "
    "because slskd makes its certificate itself; or use slskd's port for http, 5030.",
    "foreign": "Enter slskd's own address and port, in Docker for instance http://slskd:5030, "
    "without a path behind it unless url_base is set in slskd.",
}
_ANY_WAY = "Check that slskd runs and that its address and port are right."
_LOCAL = (
    "Inside a container localhost is the container itself: in Docker write the name of slskd's "
    "container instead, http://slskd:5030. Without Docker: start slskd and check its port."
)

# By the code of a status: slskd answers, but something will go wrong.
WORRIES: Mapping[str, str] = {
    "offline": "Look at slskd's page: wrong password, or the account is in use elsewhere.",
    "pattern": "Set transfers.download.destination.subdirectory to ${SOURCE_DIRECTORY}.",
    "retention_deletes_files": "Remove retention.files.complete from slskd's configuration.",
    "slots": "Remove transfers.download.slots from slskd's configuration.",
    "no_shares": "Share a folder in slskd: many peers refuse those who share nothing.",
}


def outage(error: SourceError, address: Address) -> SourceStatus:
    """The status for a question that failed; may look for two seconds at what the port speaks."""
    url = base_url(address.url)
    why = _cause(error, url)
    code = "unreachable"
    if isinstance(error, SourceAuth):
        code = "auth"
    elif isinstance(error, SourceProtocol) and why == "foreign":
        code = "not_slskd"
    return SourceStatus(False, f"{_sentence(error, why)}.", _way(why, error, address), code=code)


def _cause(error: SourceError, url: str) -> str:
    """What `slskd_http` named, made exact where http and https may be mixed up."""
    why = str(error.data.get("why", ""))
    if isinstance(error, SourceProtocol):
        why = "foreign"
    secure = url.startswith("https:")
    if why == "tls" and secure and speaks_tls(url) is False:
        return "plain_port"
    # slskd hangs up on plain http at its port for https; others answer 400 with a page.
    doubtful = why == "cut" or error.data.get("status") == _BAD_REQUEST
    if doubtful and not secure and speaks_tls(url):
        return "tls_port"
    return why


def _sentence(error: SourceError, why: str) -> str:
    if why == "plain_port":
        return "The address of slskd says https, but that port speaks plain http"
    if why == "tls_port":
        return "The address of slskd says http, but that port speaks https"
    return error.message


def _way(why: str, error: SourceError, address: Address) -> str:
    if why == "refused" and _host(address) in _HERE:
        return _LOCAL
    way = _WAYS.get(why, _ANY_WAY)
    if why == "name":
        return f"{_host(address)!r} is no name that is known here. {way}"
    if why != "key":
        return way
    key = address.api_key.strip()
    if ";" in key:
        way = f"Leave out everything up to the last semicolon: the key comes after it. {way}"
    elif len(key) < _SHORTEST_KEY:
        way = f"The key set here has {len(key)} characters, slskd takes none below 16. {way}"
    if error.data.get("strange"):
        way = f"{way} Make sure, too, that the address is slskd's own: slskd refuses without a word, this answer had some."
    return way


def _host(address: Address) -> str:
    try:
        return urlsplit(base_url(address.url)).hostname or ""
    except ValueError:
        return ""


def standing(state: Mapping[str, object], able: Abilities) -> SourceStatus:
    """The status of a slskd that answered: `state` is its application, `able` what it can do."""
    shared = as_int(as_object(state.get("shares")).get("files"))
    problems = _problems(state, able, shared)
    code = problems[0][0] if problems else ""
    account = as_text(as_object(state.get("user")).get("username"))
    well = f"slskd {able.version} is logged in" + (f" as {account}." if account else ".")
    return SourceStatus(
        ok=code != "offline",
        detail=" ".join(text for _, text in problems) or well,
        fix=" ".join(WORRIES[code] for code, _ in problems),
        version=able.version,
        account=account,
        shared_files=shared,
        root=able.root,
        code=code,
    )


def _problems(
    state: Mapping[str, object], able: Abilities, shared: int | None
) -> list[tuple[str, str]]:
    """Code and sentence of all that is wrong, the worst first."""
    found = []
    if not is_logged_in(state):
        at = as_text(as_object(state.get("server")).get("state")) or "unknown"
        found.append(("offline", f"slskd is not logged in to Soulseek (state: {at})."))
    if able.batches and able.pattern == "{}":
        found.append(("pattern", "slskd puts all files into one folder: its pattern is {}."))
    if able.deletes_files:
        found.append(("retention_deletes_files", "slskd deletes finished files by itself."))
    if able.slots is not None and able.slots < _FEW_SLOTS:
        text = f"slskd fetches only {able.slots} files at once and gives up on the others."
        found.append(("slots", text))
    if shared == 0 and not as_flag(as_object(state.get("shares")).get("scanning")):
        found.append(("no_shares", "slskd shares nothing."))
    return found
