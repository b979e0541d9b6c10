"""Thinking, separate from doing.

Pure means: arguments in, values out. No clock (a moment is an argument), no database, no network,
no files, no logging, no randomness. Limits and weights are arguments too, as frozen policies. A
decision carries its reasons; whoever asked may log them. An import contract keeps it that way.
"""
