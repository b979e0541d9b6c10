"""Folders as people share them, with the album they are meant for: what will Lidarr say to each?

Albums come from `tests.corpus`. A folder is a value (paths, tags, lengths), the same on every
machine; whoever needs real audio renders it. What is asked of them is in `test_corpus_import`.
"""
