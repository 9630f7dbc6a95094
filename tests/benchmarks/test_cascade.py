"""How high the bar of a cascade may be."""

from benchmarks.cascade import highest_bar


def test_no_more_than_the_share_is_lost() -> None:
    failing = [0.1, 0.4, 0.6, 0.9]
    assert highest_bar(failing, lost=0.25) == 0.4 and highest_bar(failing, lost=0.2) == 0.1
    bar = highest_bar([0.5] * 100 + [0.2], lost=0.005)
    assert bar == 0.2  # one of 101 would be too many
