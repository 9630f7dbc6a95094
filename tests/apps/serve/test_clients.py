"""Published client libraries, unchanged, against the service: OpenAI's, Google's, and one made for Perspective.

pip install openai google-api-python-client perspective
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from serving import make_parts

from sro.apps.serve.app import make_app
from sro.apps.serve.keys import add_key, read_keys
from sro.apps.serve.settings import Service

pytestmark = pytest.mark.slow

PERSPECTIVE = "https://commentanalyzer.googleapis.com"
TEXT = "You idiot. Have a nice day!"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address and key of a service with fakes for models, on a socket."""
    import uvicorn

    keys = tmp_path_factory.mktemp("keys") / "keys.txt"
    key = add_key(keys, "forum")
    service = Service(keys=str(keys))
    app = make_app(make_parts(), service, keys=read_keys(keys))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        until = time.monotonic() + 60
        while not server.started and time.monotonic() < until:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", key
        server.should_exit = True
        thread.join(60)


def test_openai(served: tuple[str, str]) -> None:
    openai = pytest.importorskip("openai", reason="pip install openai")
    url, key = served
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)
    found = client.moderations.create(model="omni-moderation-latest", input=["you idiot", "thanks"])
    assert [(one.flagged, one.categories.harassment, one.category_scores.harassment) for one in found.results] == [
        (True, True, 0.9),
        (False, False, 0.1),
    ]
    assert found.model == "rude words 1"
    applied = found.results[0].category_applied_input_types
    assert (applied.harassment, applied.violence) == (["text"], [])
    assert client.moderations.create(input=[{"type": "text", "text": "you idiot"}]).results[0].flagged
    assert client.moderations.create(input="thanks").results[0].flagged is False
    with pytest.raises(openai.BadRequestError, match="nothing else can be screened here"):
        client.moderations.create(input=[{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}])
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(base_url=f"{url}/v1", api_key="wrong", max_retries=0).moderations.create(input="x")


def test_google(served: tuple[str, str]) -> None:
    discovery = pytest.importorskip("googleapiclient.discovery", reason="pip install google-api-python-client")
    from googleapiclient.errors import HttpError

    url, key = served

    def analyze(body: dict[str, Any], key: str = key) -> Any:
        client = discovery.build(
            "commentanalyzer",
            "v1alpha1",
            developerKey=key,
            static_discovery=False,
            discoveryServiceUrl=f"{url}/$discovery/rest?version=v1alpha1",
        )
        return client.comments().analyze(body=body).execute()

    asked = {"comment": {"text": TEXT}, "requestedAttributes": {"TOXICITY": {"scoreThreshold": 0.5}}}
    more = {"spanAnnotations": True, "languages": ["en"], "doNotStore": True, "clientToken": "t", "sessionId": "s"}
    found = analyze({**asked, **more})
    score = found["attributeScores"]["TOXICITY"]
    assert score["summaryScore"] == {"value": 0.9, "type": "PROBABILITY"}
    assert [(span["begin"], span["end"]) for span in score["spanScores"]] == [(0, 10), (11, len(TEXT))]
    assert found["clientToken"] == "t"
    mistakes = [({"comment": {"text": ""}}, key, "COMMENT_EMPTY"), ({"languages": ["de"]}, key, "LANGUAGE_NOT")]
    for change, presented, told in [*mistakes, ({}, "wrong", "API key not valid")]:
        with pytest.raises(HttpError, match=told) as refused:
            analyze({**asked, **change}, presented)
        assert refused.value.resp.status == 400


def test_perspective(served: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's address is written into this client, so it is brought here where a name server would do it."""
    client = pytest.importorskip("perspective.perspective", reason="pip install perspective")
    import urllib.request

    url, key = served

    def here(request: Any) -> Any:
        assert request.full_url.startswith(PERSPECTIVE)
        request.full_url = url + request.full_url.removeprefix(PERSPECTIVE)
        return urllib.request.urlopen(request)

    monkeypatch.setattr("perspective.api_client.urlopen", here)
    perspective = client.PerspectiveAPI(key)
    assert perspective.score("you idiot") == {"TOXICITY": 0.9}
    found = perspective.analyze_comment(TEXT, span_annotations=True, client_token="t")
    assert len(found["attributeScores"]["TOXICITY"]["spanScores"]) == 2 and found["clientToken"] == "t"
