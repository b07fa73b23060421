"""Reads feeds as feedparser does: [[text, media type], …] comes in as JSON, what each holds goes out."""
import json, sys
import feedparser

def plain(value):
    return None if value is None else str(value)

answers = []
for text, media_type in json.load(sys.stdin):
    parsed = feedparser.parse(text.encode("utf-8"), response_headers={"content-type": media_type})
    answers.append({
        "bozo": plain(parsed.get("bozo_exception")) if parsed.bozo else None,
        "version": parsed.version,
        "title": parsed.feed.get("title"),
        "links": {link.rel: link.href for link in parsed.feed.get("links", [])},
        "items": [{
            "id": entry.get("id"),
            "title": entry.get("title"),
            "link": entry.get("link"),
            "summary": entry.get("summary"),
            "author": entry.get("author"),
            "published": list(entry.published_parsed[:6]),
            "tags": [tag.term for tag in entry.get("tags", [])],
            "rank": entry.get("ranking_rank"),
            "reads": entry.get("ranking_reads"),
        } for entry in parsed.entries],
    })
json.dump(answers, sys.stdout)
