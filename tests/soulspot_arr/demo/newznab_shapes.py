"""Sound answers of an indexer, with room to spoil one part at a time."""

from __future__ import annotations

CAPS = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<caps><limits default="100" max="100"/><searching>'
    '<search available="yes" supportedParams="q" searchEngine="raw"/>'
    '<audio-search available="yes" supportedParams="q,artist,album,year" searchEngine="raw"/>'
    '</searching><categories><category id="3000" name="Audio">'
    '<subcat id="3010" name="MP3"/><subcat id="3040" name="Lossless"/>'
    "</category></categories></caps>"
)
NZB = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<nzb xmlns="http://www.newzbin.com/DTD/2003/nzb"><file subject="x"/></nzb>'
)


def item(
    title: str = "(FLAC) Radiohead - OK Computer - 1997-slsk3f9a2c11",
    *,
    guid: str = "slsk-1",
    date: str = "<pubDate>Tue, 05 Mar 2024 10:15:42 +0000</pubDate>",
    enclosure: str = '<enclosure url="http://h/nzb/1" length="1000" type="application/x-nzb"/>',
    attrs: str = '<newznab:attr name="size" value="2000"/>',
) -> str:
    """One feed item."""
    return (
        f"<item><title>{title}</title><guid>{guid}</guid>{date}{enclosure}"
        f'<newznab:attr name="category" value="3040"/>{attrs}</item>'
    )


def rss(*items: str) -> str:
    """A feed of items."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<rss xmlns:newznab="http://www.newznab.com/DTD/2010/feeds/attributes/">'
        f"<channel>{''.join(items)}</channel></rss>"
    )
