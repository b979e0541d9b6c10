"""`simulate-slskd`: serve a simulated slskd until told to stop.

Prints what a person needs to connect to it; does nothing else.
"""

from __future__ import annotations

import signal
import threading

from soulspot_arr.simulator.simulator import SimOptions, Simulator


def banner(simulator: Simulator) -> str:
    """The lines printed at start; the first one is meant for programs."""
    options = simulator.options
    name = simulator.app.process.profile.name
    lines = [
        f"simulated slskd {name} listening on {simulator.url}",
        f"  API key    {options.api_key or '(authentication is switched off)'}",
        f"  downloads  {simulator.downloads_dir.absolute()}",
        f"  profile    slskd {name} on {options.os_profile}, time x{options.time_scale:g}",
        f"  control    {simulator.url}/__sim__/state",
        f"  peers      {len(simulator.world.peers)}",
    ]
    for peer in simulator.world.peers.values():
        lines.append(f"    {peer.name:<18} {len(peer.files):>5} files  {peer.description}".rstrip())
    lines.append("Nothing here touches the Soulseek network. Press Ctrl+C to stop.")
    return "\n".join(lines)


def run(options: SimOptions) -> int:
    """Serve until SIGINT or SIGTERM; 0, or 1 when the address is taken."""
    simulator = Simulator(options)
    stop = threading.Event()
    try:
        simulator.start(logged_in=False)
    except OSError as error:
        print(f"cannot listen on {options.host}:{options.port}: {error}", flush=True)
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    print(banner(simulator), flush=True)
    stop.wait()
    simulator.stop()
    return 0
