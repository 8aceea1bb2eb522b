"""Panels answer a change of the view once, although the App reports it three times."""

from types import SimpleNamespace

from audio_assets.explore import view_changes
from audio_assets.explore.view_changes import view_changed


def told(panel="p1", view=(), **more):
    params = {"dataset_name": "clips", "view": list(view), **more}
    return view_changed(SimpleNamespace(panel=SimpleNamespace(id=panel), request_params=params))


def stage(limit, uuid):
    return {"_cls": "fiftyone.core.stages.Limit", "kwargs": [["limit", limit]], "_uuid": uuid}


def test_a_change_is_answered_once_per_panel(monkeypatch):
    monkeypatch.setattr(view_changes, "_seen", type(view_changes._seen)())
    assert told(view=[stage(3, "a")])
    assert not told(view=[stage(3, "b")])
    assert told("p2", [stage(3, "a")])
    assert told(view=[stage(4, "a")])
    assert told(view=[stage(4, "a")], filters={"label": 1})
    assert told(view=[stage(4, "a")], filters={})


def test_the_same_view_is_answered_again_later(monkeypatch):
    monkeypatch.setattr(view_changes, "_seen", type(view_changes._seen)())
    assert told()
    monkeypatch.setattr(view_changes, "SAME_CHANGE_S", 0.0)
    assert told()
