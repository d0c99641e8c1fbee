"""A Dockerfile's steps in plain root directories: as much of the format as docker/Dockerfile uses, and no more.

FROM makes a root with mmdebstrap (or copies the one that it has made before), RUN is a chroot, COPY copies what git
knows less what .dockerignore names. What is not understood is an error, so that the file cannot outgrow its test.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

SHELL = ["/bin/sh", "-c"]
USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass
class Stage:
    """One FROM and what came of it."""

    root: Path
    name: str
    env: dict[str, str] = field(default_factory=lambda: {"PATH": USUAL_PATH})
    workdir: str = "/"
    user: str = "0"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def inside(self, command: list[str], user: str | None = None) -> list[str]:
        """What runs a command in this root, with a network, as a container would."""
        who = ["--reuid", self.user, "--regid", self.user, "--clear-groups"] if (user or self.user) != "0" else []
        env = ["env", "-i", *(f"{name}={value}" for name, value in self.env.items())]
        change = ["sh", "-c", 'cd "$0" && exec "$@"', self.workdir]
        setpriv = ["setpriv", *who, "--"] if who else []
        return ["chroot", str(self.root), *env, *change, *setpriv, *command]


def instructions(text: str) -> list[tuple[str, str]]:
    """Continued lines joined, comments left out."""
    joined = re.sub(r"\\\n", " ", "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")))
    return [(word.upper(), rest.strip()) for line in joined.splitlines() if line.strip() for word, _, rest in [line.strip().partition(" ")]]


def arguments(rest: str) -> list[str]:
    """The JSON form, or words for the shell."""
    return json.loads(rest) if rest.startswith("[") else [*SHELL, rest]


class Builder:
    """Builds the last stage of a Dockerfile below a folder."""

    def __init__(self, context: Path, work: Path) -> None:
        self._context = context
        self._work = work
        self._args: dict[str, str] = {}
        self._stages: list[Stage] = []

    def build(self, dockerfile: Path) -> Stage:
        for word, rest in instructions(dockerfile.read_text()):
            step = getattr(self, f"_{word.lower()}", None)
            if step is None:
                raise ValueError(f"{dockerfile}: {word} is not understood here")
            step(rest)
        return self._stages[-1]

    def _expanded(self, text: str) -> str:
        return re.sub(r"\$\{(\w+)\}", lambda found: self._args[found[1]], text)

    def _arg(self, rest: str) -> None:
        name, _, value = rest.partition("=")
        self._args[name] = value

    def _from(self, rest: str) -> None:
        image, *more = self._expanded(rest).split()
        found = re.fullmatch(r"debian:(\w+)-slim", image)
        if not found:
            raise ValueError(f"FROM {image}: only Debian is understood here")
        name = more[1] if more else str(len(self._stages))
        root = self._work / name
        base = self._work / f"base-{found[1]}"
        if not base.exists():
            bootstrap(found[1], base)
        subprocess.run(["cp", "-a", "--reflink=auto", str(base), str(root)], check=True)
        self._stages.append(Stage(root, name))

    def _run(self, rest: str) -> None:
        subprocess.run(self._stages[-1].inside([*SHELL, rest]), check=True, stdin=subprocess.DEVNULL)

    def _copy(self, rest: str) -> None:
        stage = self._stages[-1]
        words = shlex.split(rest)
        source = next((word.removeprefix("--from=") for word in words if word.startswith("--from=")), None)
        origin, target = [word for word in words if not word.startswith("--")]
        there = stage.root / os.path.normpath(os.path.join(stage.workdir, target)).lstrip("/")
        if source is None:
            if origin != ".":
                raise ValueError(f"COPY {rest}: only the whole context is understood here")
            copy_context(self._context, there)
        else:
            root = next(each.root for each in self._stages if each.name == source)
            subprocess.run(["cp", "-a", f"{root}/{origin.lstrip('/')}/.", str(there)], check=True)

    def _env(self, rest: str) -> None:
        self._stages[-1].env.update(word.split("=", 1) for word in shlex.split(rest))

    def _workdir(self, rest: str) -> None:
        self._stages[-1].workdir = rest
        (self._stages[-1].root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def _user(self, rest: str) -> None:
        self._stages[-1].user = rest

    def _expose(self, rest: str) -> None:
        """Says something to people only."""

    def _healthcheck(self, rest: str) -> None:
        self._stages[-1].health = arguments(rest.partition("CMD ")[2])

    def _entrypoint(self, rest: str) -> None:
        self._stages[-1].entrypoint = arguments(rest)

    def _cmd(self, rest: str) -> None:
        self._stages[-1].command = arguments(rest)


def bootstrap(suite: str, root: Path) -> None:
    """What the image debian:SUITE-slim has, more or less."""
    subprocess.run(
        ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", "--aptopt=Acquire::Check-Valid-Until \"false\"", suite, str(root)],
        check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    for name in ("resolv.conf", "hosts"):
        shutil.copy(f"/etc/{name}", root / "etc" / name)
    # How this machine reaches the packages is its own affair.
    for file in Path("/etc/apt/apt.conf.d").glob("*"):
        if "proxy" in file.read_text(errors="replace").lower():
            shutil.copy(file, root / "etc/apt/apt.conf.d")
    (root / "etc/apt/apt.conf.d/99no-valid-until").write_text('Acquire::Check-Valid-Until "false";\n')


def ignored(path: str, patterns: list[str]) -> bool:
    """As .dockerignore says it: a pattern is for a path and everything below."""
    parts = path.split("/")
    heads = ["/".join(parts[: length + 1]) for length in range(len(parts))]
    return any(fnmatch.fnmatch(head, pattern.removeprefix("**/")) or fnmatch.fnmatch(head, pattern) for head in heads for pattern in patterns)


def copy_context(context: Path, target: Path) -> None:
    lines = (context / ".dockerignore").read_text().splitlines()
    patterns = [line.strip().rstrip("/") for line in lines if line.strip() and not line.startswith("#")]
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=context, check=True, capture_output=True)
    for path in filter(None, listed.stdout.decode().split("\0")):
        if ignored(path, patterns) or not (context / path).is_file():
            continue
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(context / path, target / path)
