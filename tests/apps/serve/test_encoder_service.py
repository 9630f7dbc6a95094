"""The service with the screener that reads: Perspective's six attributes and OpenAI's four categories."""

import pytest
from serving import SIX, serving

from sro.apps.serve.lanes import make_parts
from sro.apps.serve.settings import Models, Service

THREAT = "If I ever see you again I will break your legs."
THANKS = "Thank you for the edit, the page reads well now."


def test_six_attributes_and_four_categories() -> None:
    models = Models(rewrite=False)  # what `sro serve` has where nobody names a screener
    with serving(make_parts(models, Service(), lambda name, items, seconds: None)) as client:

        def scores(text: str) -> dict[str, float]:
            asked = {"comment": {"text": text}, "requestedAttributes": {name: {} for name in SIX}, "languages": ["en"]}
            found = client.post("/v1alpha1/comments:analyze", json=asked).json()["attributeScores"]
            return {name: one["summaryScore"]["value"] for name, one in found.items()}

        threat, thanks = scores(THREAT), scores(THANKS)
        assert set(threat) == set(thanks) == set(SIX)
        assert threat["THREAT"] > 0.5 > threat["PROFANITY"] and max(thanks.values()) < 0.2
        both = scores(f"{THANKS} {THREAT} What an idiot.")
        assert both["THREAT"] > 0.5 and both["INSULT"] > 0.5  # each in a sentence of its own
        assert scores("😂") == dict.fromkeys(SIX, 0.0)
        found = client.post("/v1/screen", json={"texts": [THREAT]}).json()["results"][0]
        assert found["attributes"] == pytest.approx(threat, abs=1e-6)  # one answer, wherever it is asked
        [result] = client.post("/v1/moderations", json={"input": THREAT}).json()["results"]
        assert result["categories"]["harassment"] and result["categories"]["harassment/threatening"]
        assert result["category_scores"]["hate/threatening"] <= result["category_scores"]["hate"]
        unknown = client.post(
            "/v1alpha1/comments:analyze", json={"comment": {"text": "a"}, "requestedAttributes": {"SPAM": {}}}
        )
        assert unknown.json()["error"]["message"] == "Unknown requested attribute: SPAM"
