"""One service and two slskd, each with an account of its own: the load is shared, nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from soulspot_arr.simulator import SimOptions, Simulator
from tests.fakes.service_process import ServiceProcess
from tests.fakes.threads import until
from tests.story.handed import FILES, SECRET, asked, completed, hand_over
from tests.story.stage import SLSKD_KEY

GRABS = 8


def slskd(root: Path, name: str) -> Simulator:
    """One of two instances with the same download folder."""
    options = SimOptions(api_key=SLSKD_KEY, data_dir=root / name, time_scale=4.0, world="empty")
    (root / name).mkdir()
    (root / "downloads").mkdir(exist_ok=True)
    (root / name / "downloads").symlink_to(root / "downloads")
    return Simulator(options)


@contextmanager
def both(root: Path) -> Iterator[tuple[ServiceProcess, Simulator, Simulator]]:
    """The service between its two slskd."""
    with ExitStack() as stack:
        one = stack.enter_context(slskd(root, "one"))
        two = stack.enter_context(slskd(root, "two"))
        settings = {
            "SOULSPOT_SECRET_KEY": SECRET,
            "SOULSPOT_SLSKD_INSTANCES": "2",
            "SOULSPOT_SLSKD2_URL": two.url,
            "SOULSPOT_SLSKD2_API_KEY": SLSKD_KEY,
            "SOULSPOT_QUEUE_DISPATCH_DELAY": "0.3",
            "SOULSPOT_BREAKER_PAUSE": "1",
        }
        service = ServiceProcess(
            root / "data", slskd_url=one.url, slskd_key=SLSKD_KEY, settings=settings
        )
        yield stack.enter_context(service), one, two


def test_two_instances_share_the_load_and_no_file_is_asked_for_twice(tmp_path: Path) -> None:
    """Every album comes whole through one of them, and both have work."""
    with both(tmp_path) as (service, one, two):
        for number in range(GRABS):
            hand_over(service, number, one, two)
        until(lambda: len(completed(service)) == GRABS, 60)
        first, second = asked(one), asked(two)
    peers = {peer for peer, _, _ in first}, {peer for peer, _, _ in second}
    assert all(peers), "both were asked"
    assert not peers[0] & peers[1]
    assert len(first) + len(second) == GRABS * FILES
    assert all("Succeeded" in state for _, _, state in [*first, *second])


def test_when_one_instance_is_gone_the_other_fetches_what_waits(tmp_path: Path) -> None:
    """Nothing fails for it, and health names the one that is away."""
    with both(tmp_path) as (service, one, two):
        two.__exit__(None, None, None)
        until(lambda: "slskd2_reachable" in _wrong(service), 30)
        for number in range(4):
            hand_over(service, number, one)
        until(lambda: len(completed(service)) == 4, 60)
        assert len(asked(one)) == 4 * FILES


def _wrong(service: ServiceProcess) -> set[str]:
    report = service.rest("/system/health")
    assert isinstance(report, dict)
    return {check["code"] for check in report["checks"] if check["level"] == "error"}
