"""Published client libraries, unchanged, against the service: OpenAI's, Google's, and those made for Perspective.

pip install openai google-api-python-client, and perspective or perspective.py (both are the module `perspective`).
Those of Node run where SRO_NODE_CLIENTS names a folder with `npm install perspective-api-client googleapis`.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import SixAttributes, make_parts

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
    parts = make_parts(feedback=keys.parent / "feedback.db", screener=SixAttributes)
    app = make_app(parts, service, keys=read_keys(keys))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        until = time.monotonic() + 60
        while not (server.started and parts.screen.state == "ready") and time.monotonic() < until:
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
        (True, True, 0.85),
        (False, False, 0.05),
    ]
    assert found.model == "six attributes 1"
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
    assert score["summaryScore"] == {"value": 0.85, "type": "PROBABILITY"}
    assert [(span["begin"], span["end"]) for span in score["spanScores"]] == [(0, 10), (11, len(TEXT))]
    assert found["clientToken"] == "t"
    mistakes = [({"comment": {"text": ""}}, key, "COMMENT_EMPTY"), ({"languages": ["de"]}, key, "LANGUAGE_NOT")]
    for change, presented, told in [*mistakes, ({}, "wrong", "API key not valid")]:
        with pytest.raises(HttpError, match=told) as refused:
            analyze({**asked, **change}, presented)
        assert refused.value.resp.status == 400


def test_google_suggests_and_batches(served: tuple[str, str]) -> None:
    discovery = pytest.importorskip("googleapiclient.discovery", reason="pip install google-api-python-client")
    url, key = served
    client = discovery.build(
        "commentanalyzer",
        "v1alpha1",
        developerKey=key,
        static_discovery=False,
        discoveryServiceUrl=f"{url}/$discovery/rest?version=v1alpha1",
    )
    scores = {"TOXICITY": {"summaryScore": {"value": 1.0}}, "SPAM": {"summaryScore": {"value": 0.0}}}
    suggestion = {"comment": {"text": TEXT}, "attributeScores": scores, "communityId": "c", "clientToken": "t"}
    kept = client.comments().suggestscore(body=suggestion).execute()
    assert kept == {"clientToken": "t", "detectedLanguages": ["en"]}
    answers: dict[str, Any] = {}
    batch = client.new_batch_http_request(callback=lambda name, found, error: answers.update({name: found or error}))
    for name, text in enumerate(("you idiot", "", "Thank you", "a" * 30_000)):
        asked = {"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}, "languages": ["en"]}
        batch.add(client.comments().analyze(body=asked), request_id=str(name))
    batch.execute()
    assert answers["0"]["attributeScores"]["TOXICITY"]["summaryScore"]["value"] == 0.85
    assert "COMMENT_EMPTY" in str(answers["1"]) and "COMMENT_TOO_LONG" in str(answers["3"])
    assert answers["2"]["attributeScores"]["TOXICITY"]["summaryScore"]["value"] == 0.05


def test_perspective_py(served: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's address is written into this one too."""
    module = pytest.importorskip("perspective.main", reason="pip install perspective.py")
    url, key = served
    build = module.discovery.build

    def here(*names: str, discoveryServiceUrl: str, **more: Any) -> Any:
        return build(*names, discoveryServiceUrl=discoveryServiceUrl.replace(PERSPECTIVE, url), **more)

    monkeypatch.setattr(module.discovery, "build", here)
    client = module.Client(token=key)
    found = client.analyze("you idiot")  # all six, in percent
    assert found == pytest.approx(
        {"TOXICITY": 85, "SEVERE_TOXICITY": 20, "IDENTITY_ATTACK": 10, "INSULT": 90, "PROFANITY": 10, "THREAT": 10}
    )


NODE = r"""
const dns = require('dns'), tls = require('tls'), http = require('http'), https = require('https');
const [, , folder, port, key] = process.argv;
https.request = (given, ...more) => http.request({
  ...given, host: '127.0.0.1', hostname: '127.0.0.1', port, agent: undefined, protocol: 'http:'
}, ...more);
const Perspective = require(`${folder}/node_modules/perspective-api-client`);
const client = new Perspective({apiKey: key});
client.analyze('you <b>idiot</b> \u{1F602}', {attributes: ['toxicity', 'insult', 'threat']})
  .then(found => client.analyze('x', {attributes: ['flirtation']}).catch(error => [found, error.message]))
  .then(told => console.log(JSON.stringify(told)));
"""


def test_perspective_api_client(served: tuple[str, str], tmp_path: Path) -> None:
    """The client of npm; its requests to Google's address are sent here instead, and without TLS."""
    folder = os.environ.get("SRO_NODE_CLIENTS")
    if not folder or not Path(folder, "node_modules", "perspective-api-client").is_dir():
        pytest.skip("SRO_NODE_CLIENTS names no folder with perspective-api-client")
    url, key = served
    (tmp_path / "run.js").write_text(NODE)
    command = ["node", str(tmp_path / "run.js"), folder, url.rpartition(":")[2], key]
    found, message = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    values = {name: one["summaryScore"]["value"] for name, one in found["attributeScores"].items()}
    assert values == {"TOXICITY": 0.85, "INSULT": 0.9, "THREAT": 0.1}
    assert message == "Unknown requested attribute: FLIRTATION"


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
    assert perspective.score("you idiot") == {"TOXICITY": 0.85}
    found = perspective.analyze_comment(TEXT, span_annotations=True, client_token="t")
    assert len(found["attributeScores"]["TOXICITY"]["spanScores"]) == 2 and found["clientToken"] == "t"
