from audio_assets.explore.ledger import Ledger, checkpoint_slug


def test_the_first_checkpoint_gets_the_plain_field_and_others_their_own():
    book = Ledger(folder="f")
    first, second = book.entry("AudioMAE++ v2.4", "embedding"), book.entry("birdnet", "embedding")
    assert (first.vector_field, first.cluster_field) == ("embedding", "cluster_audiomae_v2_4")
    assert second.vector_field == "embedding_birdnet"
    assert book.entry("birdnet", "embedding") is second


def test_two_checkpoints_whose_slugs_agree_do_not_share_fields():
    book = Ledger(folder="f")
    a, b = book.entry("a-b", "embedding"), book.entry("a_b", "embedding")
    assert a.slug == "a_b"
    assert b.slug.startswith("a_b_")


def test_a_ledger_survives_mongodb_with_dots_in_checkpoint_names():
    book = Ledger(folder="f")
    book.entry("v2.4", "embedding").runs["sim"] = "sim_v2_4_00000000"
    assert Ledger.model_validate(book.model_dump()) == book
    assert book.owns("sim_v2_4_00000000")
    assert not book.owns("mine")


def test_slugs_are_usable_in_field_names():
    assert checkpoint_slug("AudioMAE++") == "audiomae"
    assert checkpoint_slug("++") == "checkpoint"
