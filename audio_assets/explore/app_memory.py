"""What the App's server keeps in memory between events: vectors, encoders, searches."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from audio_assets.home import Home

if TYPE_CHECKING:
    from audio_assets.comparison import Comparisons
    from audio_assets.encoding.query_encoders import QueryEncoders
    from audio_assets.few_shot import FewShot
    from audio_assets.searching import Spaces

TITLES = 200

_titles: OrderedDict[frozenset[str], str] = OrderedDict()


@cache
def spaces_of(home: Home) -> Spaces:
    """The opened vectors of a home, up to 2 GiB."""
    from audio_assets.searching import Spaces

    return Spaces(home)


@cache
def encoders_of(home: Home) -> QueryEncoders:
    """The loaded encoders of a home, at most two."""
    from audio_assets.encoding.query_encoders import QueryEncoders
    from audio_assets.settings import load_settings

    return QueryEncoders(home, load_settings(home=home.root))


@cache
def comparisons_of(home: Home) -> Comparisons:
    """The last comparisons of checkpoints in a home."""
    from audio_assets.comparison import Comparisons

    return Comparisons(home)


@cache
def few_shot_of(home: Home) -> FewShot:
    """What people label in a home, and what was trained on it last."""
    from audio_assets.few_shot import FewShot

    return FewShot(spaces_of(home))


def remember_search(sample_ids: Iterable[str], title: str) -> None:
    """Note what a result was searched with, to propose a name for it."""
    key = frozenset(sample_ids)
    _titles[key] = title
    _titles.move_to_end(key)
    while len(_titles) > TITLES:
        _titles.popitem(last=False)


def title_of(sample_ids: Iterable[str]) -> str | None:
    """What a result was searched with; None where that is not known (any more)."""
    return _titles.get(frozenset(sample_ids))
