"""Set-up: what a person has to type where, and the commands that type it for him.

`terminal` turns what is known into text. `connect lidarr` and `connect prowlarr` are built from
`address` (where we are), `entries` (what has to stand there), `plan` (what is to be changed),
`record` (what we made), `connector` (does it) and `command` (tells a person). Nothing is imported here: `--help` has to be quick.
"""
