"""Find similar writes the scores of a search and takes the earlier ones away, by an index."""

from types import SimpleNamespace

from audio_assets.explore.dataset import open_dataset

ENTRY = SimpleNamespace(slug="model")


def hit(window_id, score):
    return SimpleNamespace(window_id=window_id, score=score)


def test_only_the_last_search_has_scores(fiftyone_home, make_folder):
    from audio_assets.explore.similar_view import score_field_of, show_hits

    folder = make_folder(40)
    folder.sync(fiftyone_home)
    dataset = open_dataset(fiftyone_home, folder.key)
    windows = dataset.values("window_id")

    show_hits(dataset, ENTRY, [hit(window, 0.5) for window in windows[:5]])
    view = show_hits(dataset, ENTRY, [hit(windows[3], 0.97), hit(windows[7], 0.93)])

    field = score_field_of(view)
    assert view.values("window_id") == [windows[3], windows[7]]
    assert view.values(field) == [0.97, 0.93]
    assert set(dataset.exists(field).values("id")) == set(view.values("id"))


def test_earlier_scores_are_found_without_a_look_at_every_sample(fiftyone_home, make_folder):
    from audio_assets.explore.similar_view import SCORED, score_field_of, show_hits

    folder = make_folder(40)
    folder.sync(fiftyone_home)
    dataset = open_dataset(fiftyone_home, folder.key)
    windows = dataset.values("window_id")
    view = show_hits(dataset, ENTRY, [hit(window, 0.5) for window in windows[:3]])

    samples = dataset._sample_collection  # FiftyOne has no face for a query's plan
    plan = samples.find({score_field_of(view): SCORED}).explain()["executionStats"]
    assert (plan["nReturned"], plan["totalDocsExamined"]) == (3, 3)
