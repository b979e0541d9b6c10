"""SoulSpot Arr: Soulseek as an indexer and download client for Lidarr."""

__version__ = "0.1.0"
