"""Names that a picture can write."""

from from_folder import draw_folder

from zsar.plots import phrases


def test_odd_names_of_classes_are_written_plainly_or_by_their_ids(varied, folder, monkeypatch, texts):
    record = varied()
    odd = dict(zip(record["split"]["unseen"], ["$5 $x^2$", "a\x00b\nc", "拍手", "<b>&amp;</b>", "обнять"], strict=True))
    monkeypatch.setattr(phrases, "card", lambda name: type("Card", (), {"classes": odd}))
    picture = draw_folder("confusion", folder([record]))
    said = texts(picture.figure)
    assert {"$5 $x^2$", "a b c", "c2", "<b>&amp;</b>", "обнять"} <= set(said)
