"""Which name was probably meant."""

from sro.core.suggestion import suggestion


def test_suggestion() -> None:
    assert suggestion("beta1", ["beta2", "beta", "x"]) == "; did you mean 'beta' or 'beta2'?"
    assert suggestion("batch_size", ["per_device_train_batch_size"]) == "; did you mean 'per_device_train_batch_size'?"
    assert suggestion("xyz", ["beta"]) == ""
