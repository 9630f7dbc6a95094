"""The phrase table: how its rules read, and what it makes of comments."""

from __future__ import annotations

from collections import Counter
from importlib import resources
from pathlib import Path

import pytest

from sro.core.errors import SROError
from sro.rewriting import phrase_table
from sro.rewriting.phrase_rules import parsed
from sro.rewriting.phrase_table import load_phrase_table


def table(tmp_path: Path, *lines: str) -> list[str]:
    path = tmp_path / "table.txt"
    path.write_text("\n".join(lines), "utf-8")
    return load_phrase_table(path).variants("Well , they talk rot about us . Rot !", 3)


def test_a_list_on_the_mild_side_follows_the_first_of_its_length(tmp_path: Path) -> None:
    rule = parsed("go/goes to hell/heck/blazes => leave/walks~away now")
    assert rule.rude == (("go", "goes"), ("to",), ("hell", "heck", "blazes"))
    assert [rule.civil(0, choice) for choice in ((0, 0, 2), (1, 0, 0))] == [["leave", "now"], ["walks", "away", "now"]]
    assert parsed("a/b a/b => c/d e/f").civil(0, (0, 1)) == ["c", "f"]
    assert parsed("damn =>").civil(0, (0,)) == []
    assert parsed("a => b ; c").civil(5, (0,)) == ["c"]
    with pytest.raises(ValueError, match="x/y/z answers no list of 3 words"):
        parsed("a/b => x/y/z")


def test_a_named_list_stands_for_its_words() -> None:
    lists = {"<fool>": ("idiot", "moron"), "<fool:fair>": ("wrong", "not~right")}
    assert parsed("a <fool>/<3/jerk => <fool=person>/<3/<fool:fair>", lists | {"<fool:fair>": ("man",)}) == parsed(
        "a idiot/moron/<3/jerk => person/person/<3/man"
    )
    assert parsed("is <fool> => is <fool:fair> ; is <fool>", lists) == parsed(
        "is idiot/moron => is wrong/not~right ; is idiot/moron"
    )


def test_a_file_may_name_its_lists(tmp_path: Path) -> None:
    named = [
        "<nonsense> = rot/tosh",
        "[a heading]",
        "<drivel> = <nonsense>/piffle",
        "<drivel:fair> = <nonsense=dust>/sand",
        "<about:written> = about",
        "talk/talks <drivel> => say/says <drivel:fair>",
    ]
    with pytest.raises(SROError, match=r"line 5: no list <about> above\n  fix: define it in a line above"):
        table(tmp_path, *named)
    assert table(tmp_path, *named[:4], named[5], "^ <nonsense> => <nonsense=gas>") == [
        "Well , they say dust about us . Gas !"
    ]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("<few> = tosh", "<few> is defined twice\n  fix: another name, or one list"),
        ("<few:fair> = dust", "<few:fair> has 1 words, <few> 2\n  fix: one answer to each word of <few>"),
        (
            "<more> = <fwe>/tosh",
            "no list <fwe> above\n  fix: define it in a line above, <name> = a/b/c, or correct its name",
        ),
        ("talk <fwe> => speak", "no list <fwe> above\n  fix: define it"),
        ("talk <few => speak", "no list <few above\n  fix: define it"),
        ("talk <few> => <fwe=dust>", "no list <fwe=dust> above\n  fix: define it"),
        ("talk <few> => <few=dust", "no list <few=dust above\n  fix: define it"),
        ("talk tosh/gas/rot => <few>", "<few> answers no list of 2 words\n  fix: as many as in a list before =>"),
        ("<few> <more>", "no rule and no list\n  fix: rude => mild ; mild …, or <name> = a/b/c"),
        *(
            (f"{name} = rot/tosh", "no rule and no list\n  fix")
            for name in ("few", "<>", "<f/g>", "<f=g>", "<f g>", "<f")
        ),
        *((f"<more> ={words}", "no rule and no list\n  fix") for words in ("", " ", " rot tosh", "rot")),
    ],
)
def test_a_wrong_list_is_named_with_its_line_and_a_remedy(tmp_path: Path, line: str, error: str) -> None:
    with pytest.raises(SROError) as caught:
        table(tmp_path, "<few> = rot/gas", line)
    assert str(caught.value).startswith(f"{tmp_path / 'table.txt'}, line 2: {error}")


def test_the_lists_of_the_table_are_all_used() -> None:
    text = (resources.files("sro") / "assets/starter/idioms.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    names = [line.partition(" = ")[0] for line in lines if line.startswith("<") and "=>" not in line]
    body = "\n".join(lines)
    assert len(names) > 100
    assert [name for name in names if body.count(name) + body.count(f"{name[:-1]}=") < 2] == []


def test_an_edge_may_be_one_of_several_words(tmp_path: Path) -> None:
    assert table(tmp_path, "rot about/$ => dust about/$") == ["Well , they talk dust about us . Dust !"]
    assert table(tmp_path, "^/talk rot => ~/say things") == ["Well , they say things about us . Things !"]
    assert list(parsed("^/talk rot/gas => a").openings()) == [
        *(("talk", "rot"), ("talk", "gas"), ("rot", None), ("gas", None)),
    ]


def test_longer_rules_come_first_and_edges_hold(tmp_path: Path) -> None:
    assert table(tmp_path, "rot => dust", "talk/talks rot => say/says things") == [
        "Well , they say things about us . Dust !"
    ]
    assert table(tmp_path, "^ rot => dust") == ["Well , they talk rot about us . Dust !"]
    assert table(tmp_path, "rot $ => dust $") == ["Well , they talk rot about us . Dust !"]
    assert table(tmp_path, "_ rot about => _ badly about") == ["Well , they talk badly about us . Rot !"]
    assert table(tmp_path, "foul => fair") == []


def test_the_kth_variant_takes_the_kth_civil_form_or_the_last(tmp_path: Path) -> None:
    found = table(tmp_path, "talk rot => joke ; speak badly", "^ rot => dust")
    assert found == ["Well , they joke about us . Dust !", "Well , they speak badly about us . Dust !"]


def test_a_line_that_is_no_rule_is_named(tmp_path: Path) -> None:
    with pytest.raises(SROError, match=r"table.txt, line 2: no rule"):
        table(tmp_path, "# a comment", "rot dust")
    with pytest.raises(SROError, match="line 1: no rude word"):
        table(tmp_path, "^ => dust")


@pytest.mark.parametrize(
    ("rude", "mild"),
    [
        ("i don 't give a shit about that .", "i don 't care about that ."),
        ("He gives a fuck about you!", "He cares about you!"),
        ("Get the fuck out of here.", "Get out of here."),
        ("You don 't know shit about it", "You don 't know anything about it"),
        ("he is full of shit .", "he is wrong ."),
        ("What the fuck is going on?", "What is going on?"),
        ("she is an idiot .", "she has no idea what she is doing ."),
        ("that was a fucking apple .", "that was an apple ."),
        ("damn , that is good", "oh , that is good"),
        ("sit down , you idiot .", "sit down ."),
        ("they are too stupid to vote", "they are too poorly informed to vote"),
        ("do not shit your pants .", "do not panic ."),
        ("it is just as shit as mine", "it is just as bad as mine"),
        ("that asshole cop drove off", "that rude cop drove off"),
        ("you ignorant fucks !", "you are wrong !"),
        ("a racist who votes for a racist party .", "someone prejudiced who votes for a prejudiced party ."),
        ("some asshole left the gate open .", "somebody left the gate open ."),
        ("he is an asshole who yells .", "he is somebody who yells ."),
        ("oh damn it , the bus left", "oh no , the bus left"),
        ("Fuck you , he said", "I am angry with you , he said"),
        ("do not make an ass of yourself", "do not embarrass yourself"),
        ("what a bunch of clowns .", "they are hard to take seriously ."),
        ("that clown senator showed extreme stupidity", "that senator showed very poor judgment"),
        ("the lesser of two evils", "the better of two bad choices"),
    ],
)
def test_idioms_that_word_by_word_edits_break(rude: str, mild: str) -> None:
    assert load_phrase_table().variants(rude)[0] == mild


def test_clean_comments_have_no_variant() -> None:
    clean = ["thank you for the edit .", "She is a proud gay woman.", "dick cheney bought garbage bags", ""]
    assert not any(map(load_phrase_table().variants, clean))


def test_a_phrase_that_only_looks_rude_keeps_its_capitals() -> None:
    assert load_phrase_table().variants("Dick Cheney is an idiot .", 1) == ["Dick Cheney has no idea ."]


def test_few_rules_are_tried_at_each_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """`are` begins 180 rules; those are tried whose second word stands there."""
    tried = Counter[str]()
    fit = phrase_table._fit
    monkeypatch.setattr(phrase_table, "_fit", lambda rude, *rest: tried.update(["rules"]) or fit(rude, *rest))
    load_phrase_table().variants("fucking hell , are is are is " * 100)
    assert 0 < tried["rules"] < 12 * 800


def test_a_comment_without_a_phrase_has_no_variants() -> None:
    assert load_phrase_table().variants("the son of a us senator") == []


@pytest.mark.parametrize(
    ("comment", "first"),
    [
        ('"This article is a joke."', '"This article cannot be taken seriously."'),
        ("(your edit is a joke)", "(your edit cannot be taken seriously)"),
        ("Wikipedia is really a joke.", "Wikipedia cannot be taken seriously."),
    ],
)
def test_quotes_around_a_sentence_and_stress_before_a_noun_do_not_hide_a_phrase(comment: str, first: str) -> None:
    assert [comment, *load_phrase_table().variants(comment)][:2][-1] == first


def test_a_capital_that_only_begins_the_sentence_does_not_move_with_its_word(tmp_path: Path) -> None:
    path = tmp_path / "table.txt"
    path.write_text("you are a disgrace => I am disappointed in you\n_ stinks => nobody likes _\n", "utf-8")
    found = load_phrase_table(path).variants
    assert found("You are a disgrace.", 1) == ["I am disappointed in you."]
    assert found("Berlin stinks", 1) == ["Nobody likes Berlin"]  # a name keeps its own
    assert found("YOU ARE A DISGRACE", 1) == ["I AM DISAPPOINTED IN YOU"]
    assert [found(f"{name} stinks", 1)[0] for name in ("US", "Will")] == ["Nobody likes US", "Nobody likes Will"]


def test_a_comma_before_an_address_goes_with_it_and_initials_keep_their_article(tmp_path: Path) -> None:
    path = tmp_path / "table.txt"
    path.write_text("get lost => go away\nyou fool =>\n", "utf-8")
    found = load_phrase_table(path).variants
    assert found("Get lost, you fool", 1) == ["Go away"]
    assert found("Get lost, you", 1) == ["Go away, you"]
    assert found("Get lost,", 1) == ["Go away,"]
    assert found("Get lost with a US flag", 1) == ["Go away with a US flag"]


@pytest.mark.parametrize(
    ("rude", "mild"),
    [
        ("You're full of shit ... go away, please.", "You're wrong ... go away, please."),
        ("The fee is .5%, and you're full of shit. Really...", "The fee is .5%, and you're wrong. Really..."),
        ("You're full of shit :/ So, bye.", "You're wrong :/ So, bye."),
        ("so , you are full of shit. Yes , sir", "so , you are wrong. Yes , sir"),
        ("Really?! You are full of shit ?! Yes!!", "Really?! You are wrong ?! Yes!!"),
    ],
)
def test_marks_outside_the_phrase_stay_where_the_author_put_them(rude: str, mild: str) -> None:
    assert load_phrase_table().variants(rude)[0] == mild


@pytest.mark.parametrize(
    ("comment", "first"),
    [
        ("So what ... rot it is.", "So what ... oh, dear! it is."),
        ("so what , rot it is .", "so what , oh , dear ! it is ."),
        ("So what, rot ! it is ?", "So what, oh, dear ! it is ?"),  # the rule with the mark keeps its place
        ("rot", "oh, dear!"),
        ("so, bosh.", "so, well... dust."),
    ],
)
def test_new_marks_stand_as_the_others_do(tmp_path: Path, comment: str, first: str) -> None:
    path = tmp_path / "table.txt"
    path.write_text("rot => oh , dear !\nrot ! => oh , dear !\nbosh => well ... dust\n", "utf-8")
    assert load_phrase_table(path).variants(comment, 1) == [first]


def test_a_byte_order_mark_and_capitals_hide_no_rule(tmp_path: Path) -> None:
    path = tmp_path / "table.txt"
    path.write_text(
        "Talk Rot => speak to Bob\n<Fool> = Ass/Rot\n<Fool:fair> = Ann/Bob\n^ <Fool> => <Fool:fair>", "utf-8-sig"
    )
    assert load_phrase_table(path).variants("they talk rot . Rot !") == ["they speak to Bob . Bob !"]
    path.write_text("# of mine\nrot => dust", "utf-8-sig")
    assert load_phrase_table(path).variants("Rot") == ["Dust"]


def test_a_table_in_another_encoding_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "table.txt"
    path.write_text("geh wég => geh bitte", "latin-1")
    with pytest.raises(SROError, match=r"table.txt: cannot be read as a phrase table: .*\n  fix: save it as UTF-8"):
        load_phrase_table(path)
