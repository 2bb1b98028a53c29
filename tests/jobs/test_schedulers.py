"""Blocks on workers of dask.distributed: the same results, killed workers, and a scheduler that does not answer."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import socketserver
import subprocess
import sys
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Thread

import pytest

from tests.paths import ROOT
from unet_tutorial.jobs import schedulers
from unet_tutorial.jobs.schedulers import in_this_process, on_scheduler, on_workers
from unet_tutorial.plan.levels import Size

NEEDED = "the extra scale: pip install -c constraints.txt -r requirements-scale.txt"


def squared(index: Size) -> int:
    """A task."""
    return index[0] ** 2


def dying(folder: Path, times: int, index: Size) -> int:
    """A task whose process is killed the first ``times`` times."""
    if index == (5,):
        (folder / str(os.getpid())).touch()
        if len(list(folder.iterdir())) <= times:
            os.kill(os.getpid(), signal.SIGKILL)
    return index[0]


def failing(index: Size) -> int:
    """A task with an error."""
    raise ValueError(f"block {index} failed")


def waiting(index: Size) -> int:
    """A task of a tenth of a second."""
    time.sleep(0.1)
    return index[0]


def test_blocks_in_this_process() -> None:
    assert dict(in_this_process(squared, [(3,), (2,)])) == {(3,): 9, (2,): 4}


def test_without_the_package_the_error_names_the_way_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    for opened in (on_workers(1), on_scheduler("tcp://127.0.0.1:1")):
        with pytest.raises(ValueError, match=r"needs distributed, which cannot .*; run pip install .*scale"), opened:
            pass


def test_a_scheduler_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason=NEEDED)
    monkeypatch.setattr(schedulers, "PATIENCE", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts the connection
        for address in ("tcp://127.0.0.1:1", f"tcp://127.0.0.1:{silent.getsockname()[1]}"):
            begin = time.monotonic()
            with pytest.raises(ValueError, match=f"scheduler {address}: no answer"), on_scheduler(address):
                pass
            assert time.monotonic() - begin < 20


def test_a_program_with_another_protocol_is_no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason=NEEDED)
    monkeypatch.setattr(schedulers, "PATIENCE", 1)

    class Page(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")  # dask reads the first 8 bytes as a length

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with (
            pytest.raises(ValueError, match=r"no answer of a scheduler within 1 seconds.*; check the address"),
            on_scheduler(f"tcp://127.0.0.1:{server.server_address[1]}"),
        ):
            pass
        server.shutdown()


def test_what_is_no_address_is_refused_at_once() -> None:
    pytest.importorskip("distributed", reason=NEEDED)
    for address in (
        "nonsense",
        "tcp://127.0.0.1",
        "http://10.0.0.5:8786",
        "127.0.0.1:abc",
        "inproc://x",
        "tcp://:1",
        "",
    ):
        with pytest.raises(ValueError, match=r": this is no address; write tcp://HOST:PORT"), on_scheduler(address):
            pass
    for address in ("tcp://10.0.0.5:8786", "node-7.site:8786", "tls://[fe80::1]:8786", "tcp://[::1]:1", "ws://a:1"):
        assert re.fullmatch(schedulers.ADDRESS, address)


PRESSED = """
import os, signal, sys, time
from tests.jobs.test_schedulers import failing, waiting
from unet_tutorial.jobs.schedulers import on_workers

if __name__ == "__main__":
    try:
        with on_workers(2, lambda _: None) as run:
            try:
                dict(run(failing, [(1,)]))
            except ValueError as error:
                print(error, flush=True)
            for index, _ in run(waiting, [(k,) for k in range(1000)]):
                print(index, flush=True)
    except KeyboardInterrupt:
        print("stopped")
"""


@pytest.mark.slow
def test_ctrl_c_in_a_terminal_prints_no_traceback_of_a_worker(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason=NEEDED)
    (tmp_path / "script.py").write_text(PRESSED)
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "block (1,) failed\n"
    for _ in range(5):
        process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    printed = process.communicate(timeout=60)[0]
    assert "stopped\n" in printed
    assert "Traceback" not in printed
    assert "distributed" not in printed


@pytest.mark.slow
def test_workers_give_the_results_and_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason=NEEDED)
    lines: list[str] = []
    with on_workers(2, lines.append) as run:
        assert dict(run(squared, [(k,) for k in range(100)])) == {(k,): k**2 for k in range(100)}
        assert dict(run(partial(dying, tmp_path, 2), [(k,) for k in range(9)])) == {(k,): k for k in range(9)}
        assert len(list(tmp_path.iterdir())) == 3
        with pytest.raises(ValueError, match=r"block \(5,\): workers that had it ended several times.*fewer --workers"):
            dict(run(partial(dying, tmp_path, 99), [(k,) for k in range(9)]))
        assert dict(run(squared, [(3,)])) == {(3,): 9}
    assert len(lines) == 1
    assert "2 workers; live page: http" in lines[0]


@pytest.mark.slow
def test_the_loss_of_all_workers_ends_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed", reason=NEEDED)
    monkeypatch.setattr(schedulers, "PATIENCE", 2)
    monkeypatch.setattr(schedulers, "PAUSE", 1)
    options = {"n_workers": 1, "processes": False, "dashboard_address": "127.0.0.1:0", "host": "127.0.0.1"}
    with (
        distributed.LocalCluster(**options, protocol="tcp") as cluster,
        on_scheduler(cluster.scheduler_address, lambda _: None) as run,
    ):
        results = run(squared, [(k,) for k in range(100)])
        next(results)
        cluster.scale(0)
        with pytest.raises(ValueError, match=r"all workers have ended.*finished blocks are kept"):
            dict(results)


@pytest.mark.slow
def test_a_scheduler_with_and_without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed", reason=NEEDED)
    monkeypatch.setattr(schedulers, "PATIENCE", 5)
    options = {"n_workers": 0, "processes": False, "dashboard_address": "127.0.0.1:0", "host": "127.0.0.1"}
    with distributed.LocalCluster(**options, protocol="tcp") as cluster:
        with (
            pytest.raises(
                ValueError, match=r"it has no worker; start some, each with: dask worker tcp://\S+ --nthreads 1$"
            ),
            on_scheduler(cluster.scheduler_address),
        ):
            pass
        cluster.scale(1)
        with on_scheduler(cluster.scheduler_address, lambda _: None) as run:
            assert dict(run(squared, [(3,), (2,)])) == {(3,): 9, (2,): 4}


CLIENT = """
import sys
from tests.jobs.test_schedulers import waiting
from unet_tutorial.jobs.schedulers import on_scheduler

try:
    with on_scheduler(sys.argv[1], lambda _: None) as run:
        for index, _ in run(waiting, [(k,) for k in range(1000)]):
            print(index, flush=True)
except ValueError as error:
    print(error)
"""


@pytest.mark.slow
def test_the_end_of_the_scheduler_is_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason=NEEDED)
    file = tmp_path / "scheduler.json"
    common = ["--no-dashboard", "--scheduler-file", str(file)]
    with ExitStack() as stack:

        def started(*words: str, stderr: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, *words], stdout=subprocess.PIPE, stderr=stderr, text=True, cwd=ROOT
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        scheduler = started("-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", "0", *common)
        started("-m", "dask", "worker", "--nthreads", "1", "--no-nanny", *common)
        while not file.exists() or not file.read_text():
            time.sleep(0.1)
        client = started("-c", CLIENT, json.loads(file.read_text())["address"], stderr=subprocess.STDOUT)
        assert client.stdout is not None
        assert client.stdout.readline() == "(0,)\n"
        scheduler.kill()
        (sentence,) = (line for line in client.communicate()[0].splitlines() if not re.fullmatch(r"\(\d+,\)", line))
    assert re.fullmatch(
        r"the connection to the scheduler is lost .* with the new address: finished blocks are kept", sentence
    )
