"""What Lidarr reads out of a release title: an emulation of its parser, for proving our titles.

Nothing here decides anything for us; `rules.titles` asks it whether a title is read as meant.
"""
