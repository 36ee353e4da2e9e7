"""A program in a real sandbox tries what it must not be able to do."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hub_config import machine
from hub_config.sandbox import session_command
from hub_config.settings import Run, Settings
from hub_config.spawner import prepare, session_environment

ANSWER = "ANSWER "
ADDRESS = "http://alice.localhost:8000/user/alice/teacher/"
RunInside = Callable[[str], Any]


@pytest.fixture(scope="module")
def bwrap() -> Path:
    return machine.find_sandbox()


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    with machine.run_folder() as folder:
        run = Run(folder, 8000)
        run.sockets.mkdir()
        yield Settings(tmp_path / "state", run)


@pytest.fixture
def inside(bwrap: Path, settings: Settings) -> RunInside:
    """Runs Python lines inside alice's session; what they put into `answer` comes back."""
    (settings.state / "ledger").mkdir(parents=True)
    (settings.state / "ledger" / "ledger.sqlite").write_text("secret")
    prepare(settings, "bob", "counselor", "b" * 16, ADDRESS)
    prepare(settings, "alice", "principal", "c" * 16, ADDRESS)
    sandbox = prepare(settings, "alice", "teacher", "a" * 16, ADDRESS)

    def run(lines: str) -> Any:
        program = f"{TOOLS}\n{textwrap.dedent(lines)}\nprint({ANSWER!r} + json.dumps(answer))"
        with session_command(bwrap, sandbox, (sys.executable, "-c", program)).handed_over() as (command, descriptors):
            done = subprocess.run(
                command,
                env=session_environment(
                    {"JUPYTERHUB_API_TOKEN": "own", "SECRET": "hub"}, "alice", "http+unix://x/hub/"
                ),
                pass_fds=descriptors,
                capture_output=True,
                text=True,
                timeout=60,
            )
        found = [line.removeprefix(ANSWER) for line in done.stdout.splitlines() if line.startswith(ANSWER)]
        assert found, done.stderr
        return json.loads(found[0])

    return run


TOOLS = """
import errno, json, os, pathlib, signal, socket
def error(act):
    try:
        act()
    except OSError as problem:
        return errno.errorcode.get(problem.errno, type(problem).__name__)
    return None
"""


def test_the_sdk_is_there_and_the_rest_of_the_project_is_not(inside: RunInside) -> None:
    answer = inside("""
        import dbims_sdk
        answer = [dbims_sdk.__file__, os.listdir("/opt/dbims")]
    """)
    assert answer == ["/opt/dbims/dbims_sdk/__init__.py", ["dbims_sdk"]]


def test_the_state_the_checkout_and_other_homes_do_not_exist(inside: RunInside, settings: Settings) -> None:
    checkout = Path(__file__).parents[2]
    places = [settings.state, settings.state / "ledger/ledger.sqlite", settings.home("bob", "counselor")]
    hidden = [
        *places,
        settings.home("alice", "principal"),
        settings.run.folder,
        checkout / "governance",
        checkout / ".git",
    ]
    answer = inside(f"answer = [os.path.exists(place) for place in {[str(place) for place in hidden]!r}]")
    assert answer == [False] * len(hidden)
    assert inside("answer = os.listdir('/home')") == ["alice"]


def test_the_home_persists_and_starts_private(inside: RunInside, settings: Settings) -> None:
    inside("pathlib.Path.home().joinpath('mine.txt').write_text('x'); answer = None")
    assert inside("answer = pathlib.Path.home().joinpath('mine.txt').read_text()") == "x"
    assert settings.home("alice", "teacher").stat().st_mode & 0o777 == 0o700


def test_there_is_no_network(inside: RunInside) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        answer = inside(f"""
            targets = [("127.0.0.1", {port}), ("1.1.1.1", 443), ("10.0.0.1", 80)]
            answer = [error(lambda: socket.create_connection(target, 2)) for target in targets]
            try:
                answer.append(len(socket.getaddrinfo("example.org", 443)))
            except socket.gaierror:
                answer.append("no such name")
            answer.append([name for _, name in socket.if_nameindex()])
        """)
    assert answer[:3] == ["ECONNREFUSED", "ENETUNREACH", "ENETUNREACH"]
    assert answer[3] == "no such name"
    assert answer[4] == ["lo"]


def test_an_abstract_socket_of_the_machine_is_out_of_reach(inside: RunInside) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        name = f"dbims-test-{os.getpid()}"
        listener.bind(f"\0{name}")
        listener.listen()
        assert (
            inside(f"answer = error(lambda: socket.socket(socket.AF_UNIX).connect(chr(0) + {name!r}))")
            == "ECONNREFUSED"
        )


def test_other_processes_are_invisible_and_cannot_be_signalled(inside: RunInside) -> None:
    with host_process() as victim:
        answer = inside(f"""
            seen = [int(name) for name in os.listdir("/proc") if name.isdigit()]
            answer = [len(seen), {victim.pid} in seen, error(lambda: os.kill({victim.pid}, signal.SIGKILL))]
            commands = [pathlib.Path(f"/proc/{{pid}}/cmdline").read_bytes().decode() for pid in seen]
            answer.append(sorted({{os.path.basename(command.split(chr(0))[0]) for command in commands}}))
        """)
        assert victim.poll() is None
    assert answer[0] < 6
    assert answer[1:] == [False, "ESRCH", sorted({"bwrap", Path(sys.executable).name})]


@contextmanager
def host_process() -> Iterator[subprocess.Popen[bytes]]:
    """One of this user's, outside, whose number no process of a new sandbox has."""
    with subprocess.Popen(["/bin/sleep", "120"]) as process:
        assert process.pid > 50
        try:
            yield process
        finally:
            process.kill()


def test_the_environment_holds_the_own_token_and_no_other_secret(inside: RunInside) -> None:
    answer = inside("answer = dict(os.environ)")
    assert "hub" not in answer.values()
    assert answer["JUPYTERHUB_API_TOKEN"] == "own"
    commands = inside("""
        files = pathlib.Path("/proc").glob("[0-9]*/environ")
        answer = [file.read_bytes().decode() for file in files if os.access(file, os.R_OK)]
    """)
    assert not any("SECRET" in text for text in commands)


def test_nothing_but_home_scratch_and_socket_folder_can_be_written(inside: RunInside) -> None:
    places = ["/", "/usr", "/etc", "/dev", "/run", "/run/dbims", "/home", "/opt/dbims/dbims_sdk", "/etc/jupyter"]
    places += [sys.prefix, sys.base_prefix, "/proc/sys/kernel"]
    answer = inside(f"""
        def write(place):
            return lambda: open(place + "/x", "w").close()
        answer = [[error(write(place)) for place in {places!r}], [error(write(p)) for p in
            [os.environ["HOME"], "/tmp", "/dev/shm", "/run/session"]]]
    """)
    assert set(answer[0]) <= {"EROFS", "EACCES", "EPERM", "ENOENT"}
    assert answer[1] == [None] * 4


def test_no_setting_of_the_kernel_can_be_written(inside: RunInside) -> None:
    # They are the machine's, and open to root's user number, whoever that is inside. Opened only, nothing is written.
    answer = inside(
        """
        open_to_write = []
        for name in ("/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches", "/proc/sysrq-trigger"):
            if os.path.exists(name):
                open_to_write.append(error(lambda: os.close(os.open(name, os.O_WRONLY))))
        for folder, _, files in os.walk("/proc/sys"):
            open_to_write += [name for name in files if os.access(os.path.join(folder, name), os.W_OK)]
        answer = open_to_write
        """
    )
    assert set(answer) <= {"EROFS", "EACCES", "EPERM"}


def test_sockets_of_other_sessions_are_not_there_and_shared_ones_survive_a_restart(
    inside: RunInside, settings: Settings
) -> None:
    other = settings.run.session_socket("b" * 16)
    with socket.socket(socket.AF_UNIX) as theirs, socket.socket(socket.AF_UNIX) as gateway:
        theirs.bind(str(other))
        theirs.listen()
        gateway.bind(str(settings.run.gateway_socket))
        gateway.listen()
        answer = inside(f"""
            def reach(path):
                return error(lambda: socket.socket(socket.AF_UNIX).connect(path))
            answer = [reach({str(other)!r}), reach("/run/dbims/gateway.sock"), os.listdir("/run/session"),
                      os.listdir("/run")]
        """)
    assert answer[:3] == ["ENOENT", None, []]
    assert sorted(answer[3]) == ["dbims", "session"]


def test_there_are_no_privileges_and_no_new_namespaces(inside: RunInside) -> None:
    answer = inside("""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        def unshare(flags):
            return libc.unshare(flags)
        status = dict(line.split(":\\t", 1) for line in pathlib.Path("/proc/self/status").read_text().splitlines())
        answer = [os.getuid(), int(status["CapEff"], 16), int(status["CapBnd"], 16), status["NoNewPrivs"],
                  unshare(0x10000000), unshare(0x00020000), error(lambda: os.chroot("/tmp"))]
    """)
    assert answer == [1000, 0, 0, "1", -1, -1, "EPERM"]


def test_system_calls_that_reach_outside_are_refused(inside: RunInside) -> None:
    answer = inside("""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        def call(number, *arguments):
            ctypes.set_errno(0)
            return [libc.syscall(number, *arguments), errno.errorcode.get(ctypes.get_errno())]
        keyctl, add_key = {"x86_64": (250, 248), "aarch64": (219, 217)}[os.uname().machine]
        answer = [call(keyctl, 0, -4, 1), call(add_key, b"user", b"x", b"y", 1, -4), call(425, 1, 0),
                  call(463, 0), call(0x40000000 + 39)]
    """)
    assert answer == [[-1, "EPERM"], [-1, "EPERM"], [-1, "EPERM"], [-1, "ENOSYS"], [-1, "ENOSYS"]]


def test_the_machines_keyring_cannot_be_listed(inside: RunInside) -> None:
    assert set(inside("answer = [error(lambda: open(f'/proc/{n}').read()) for n in ('keys', 'key-users')]")) <= {
        "EACCES",
        "EPERM",
        "ENOENT",
    }


def test_no_command_line_tells_where_things_lie_outside(inside: RunInside, settings: Settings) -> None:
    commands = inside("answer = [file.read_bytes().decode() for file in pathlib.Path('/proc').glob('[0-9]*/cmdline')]")
    assert not any(str(settings.state) in command or str(settings.run.folder) in command for command in commands)


def test_memory_files_and_scratch_are_limited(inside: RunInside) -> None:
    answer = inside("""
        import resource
        answer = [resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in
                  ("AS", "FSIZE", "NOFILE", "NPROC", "CORE")]
        disk = os.statvfs("/tmp")
        answer.append(disk.f_blocks * disk.f_frsize)
        try:
            bytearray(8 * 1024**3)
        except MemoryError:
            answer.append("refused")
    """)
    gigabyte = 1024**3
    assert answer[:5] == [[4 * gigabyte] * 2, [4 * gigabyte] * 2, [4096] * 2, [512] * 2, [0, 0]]
    assert answer[5:] == [gigabyte, "refused"]
