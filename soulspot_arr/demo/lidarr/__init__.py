"""A Lidarr that listens: the API and the behaviour of the stock one, with a library on disk.

It polls our SABnzbd side, keeps tracked downloads, reads tags, decides by distance, moves files,
deletes what Lidarr deletes and calls webhooks (contract lidarr §3, §9, §11). Written from the
contract alone: it must never look at how we predict its verdict.
"""
