"""Schema migrations, run by `soulspot-arr db upgrade` and at start."""
