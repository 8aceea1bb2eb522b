"""Objects of a body with at most so many members, counted before any of them is looked at."""

from __future__ import annotations

from typing import Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

MOST_COLUMNS = 100


def AtMost(count: int) -> BeforeValidator:  # noqa: N802 (stands among annotations)
    """Annotation of a dict: one error for one that is too large, not several for every member."""

    def check(value: Any) -> Any:
        if isinstance(value, dict) and len(value) > count:
            raise PydanticCustomError(
                "too_long", "expected at most {most} members, found {found}",
                {"most": count, "found": len(value)},
            )  # fmt: skip
        return value

    return BeforeValidator(check)
