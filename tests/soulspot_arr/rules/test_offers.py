"""Offers in a JSON column."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from soulspot_arr.domain import Offer, OfferFile
from soulspot_arr.rules.offers import from_json, peers, to_json

texts = st.text(max_size=20)
files = st.builds(
    OfferFile,
    locator=texts,
    path=texts,
    size=st.integers(0, 2**53),
    disc=st.integers(0, 20),
    seconds=st.none() | st.integers(0, 10**5),
)
offers = st.builds(Offer, source=texts, peer=texts, files=st.lists(files, max_size=4).map(tuple))


@given(st.lists(offers, max_size=4).map(tuple))
def test_offers_come_back_as_they_were(kept: tuple[Offer, ...]) -> None:
    """Through JSON text, with every name a peer may choose."""
    stored = json.loads(json.dumps(to_json(kept)))
    assert from_json(stored) == kept
    assert peers(stored) == [offer.peer for offer in kept]
