"""A simulated slskd: the routes, shapes, quirks and timing of the real one, with a world of peers.

For the test suite, for `soulspot-arr simulate-slskd` and for the demo. It implements slskd's HTTP
contract independently and must not know any other room of this project.
"""

from soulspot_arr.simulator.simulator import SimOptions, Simulator

__all__ = ["SimOptions", "Simulator"]
