"""The labelled corpus: real albums, and the shares in which a matcher has to find them."""
