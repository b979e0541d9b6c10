"""Which texts to search for, and which of them is next."""
