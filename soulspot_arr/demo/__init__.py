"""The demo room: a Lidarr that imports and a stock Prowlarr, over real HTTP beside a running service.

It knows base URLs, API keys, our own command line and the published protocols, and nothing of what
happens behind them; of the project it borrows only the emulation of Lidarr's title parser. Nothing
here runs in a serving process: the `demo` and `simulate-lidarr` commands and the tests are its only
users.
"""

from soulspot_arr.demo.options import DemoOptions, add_arguments, demo_options

__all__ = ["DemoOptions", "add_arguments", "demo_options", "run"]


def run(options: DemoOptions) -> int:
    """Play the demo; 0 when everything worked, 1 with a reason on the screen otherwise."""
    from soulspot_arr.demo.play import run as play

    return play(options)
