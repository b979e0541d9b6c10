"""The chaos run: real processes, a bad network, and a service that is killed again and again."""
