"""Searching, room by room; the whole of it is tested in `test_search` one level up."""
