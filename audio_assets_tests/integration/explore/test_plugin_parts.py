"""Every panel and operator that is registered can be made, under the name it is registered by."""

from __future__ import annotations

from typing import Any

import pytest

from audio_assets.explore.plugin.registered import OPERATORS, PANELS, load


@pytest.mark.parametrize("name", sorted({**OPERATORS, **PANELS}))
def test_what_is_registered_has_the_name_it_is_registered_under(fiftyone_home, name):
    kind: Any = load({**OPERATORS, **PANELS}[name])
    assert kind().config.name == name
