"""Pages: `limit` and `cursor` in, `{"items": […], "next": cursor or null}` out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, Field

T = TypeVar("T")
Item = TypeVar("Item")

MOST = 1000


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next: str | None = Field(
        None, description="Give it as `cursor` for the next page; null on the last one"
    )


@dataclass(frozen=True)
class PageRequest:
    """Which page is wanted."""

    limit: int
    cursor: str | None


def page_request(
    limit: Annotated[int, Query(ge=1, le=MOST, description="Items on a page")] = 100,
    cursor: Annotated[
        str | None, Query(max_length=4096, description="`next` of the page before")
    ] = None,
) -> PageRequest:
    """FastAPI dependency."""
    return PageRequest(limit, cursor)


Paging = Annotated[PageRequest, Depends(page_request)]


def page_of(
    items: Sequence[T], key: Callable[[T], str], wanted: PageRequest
) -> tuple[list[T], str | None]:
    """Cut one page out of a sorted list.

    The cursor is the key of the last item seen, so items that come or go in the meantime neither
    repeat nor hide others.

    Args:
        items: sorted by `key`, keys unique.
        key: of an item.
        wanted: which page.

    Returns:
        The items, and the cursor of the next page or None.
    """
    start = bisect_right(items, wanted.cursor, key=key) if wanted.cursor is not None else 0
    found = list(items[start : start + wanted.limit])
    more = start + len(found) < len(items)
    return found, key(found[-1]) if found and more else None
