import io
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import docx
import psutil
import pytest

from indexing.parsing import Parsed, Parsers, ParseTask
from indexing.sandbox import Sandbox
from rag.errors import ParseError, UnavailableError
from rag.settings import ParsingLimits

HERE = Path(__file__).resolve().parent
LIMITS = ParsingLimits(timeout_s=2, memory_bytes=300 * 1024**2, workers=1, max_text_chars=1_000_000)


@pytest.fixture
def sandbox():
    box = Sandbox("hostile_parser", LIMITS, root=HERE)
    yield box
    box.close()


def asked(sandbox, *requests):
    return [str(each) if isinstance(each, ParseError) else each for each in sandbox.run(requests)]


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (b"loop", "took longer than 2 s"),
        (b"sleep", "took longer than 2 s"),
        (b"hog", "needed more than 0.293 GB of memory"),
        (b"hog_slowly", "needed more than 0.293 GB of memory"),
        (b"abort", f"the parser crashed (signal {signal.SIGABRT.value})"),
        (b"segfault", f"the parser crashed (signal {signal.SIGSEGV.value})"),
        (b"leave", "the parser stopped (exit code 7)"),
        (b"huge 60000000", "produced more than 23.6 MB"),
        (b"bug", "the parser failed (KeyError)"),
        (b"refuse", "it is not nice"),
        (b"deep", "it is nested too deeply"),
        (b"run", "the parser failed (PermissionError)"),
    ],
)
def test_a_request_that_breaks_its_limits_costs_only_itself(sandbox, act, reason):
    before, broken, after = asked(sandbox, b"echo one", act, b"echo two")
    assert (before, after) == (b"one", b"two")
    assert reason in broken


def test_a_child_that_is_well_answers_again_without_a_restart(sandbox):
    asked(sandbox, b"echo one")
    child = sandbox._process._popen.pid
    assert asked(sandbox, b"refuse", b"echo two") == ["it is not nice", b"two"]
    assert sandbox._process._popen.pid == child


def test_a_child_that_holds_on_to_memory_is_replaced_after_its_batch(sandbox):
    (first,) = asked(sandbox, b"leak 1000")
    assert asked(sandbox, b"leak 100000000") == [first]
    assert asked(sandbox, b"leak 180000000", b"leak 1000") == [first, first]
    assert asked(sandbox, b"leak 1000") != [first]


@pytest.mark.parametrize("act", [b"flood", b"huge 23000000", b"huge 60000000"])
def test_a_flood_of_answers_does_not_fill_the_parent(act):
    program = (
        f"import resource, sys; sys.path.insert(0, {str(HERE.parent.parent)!r})\n"
        "from pathlib import Path\n"
        "from indexing.sandbox import Sandbox\n"
        "from rag.settings import ParsingLimits\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"box = Sandbox('hostile_parser', ParsingLimits(timeout_s=5, workers=1), root=Path({str(HERE)!r}))\n"
        "list(box.run([b'echo x'])); before = peak()\n"
        f"answers = list(box.run([{act!r}, b'echo one', b'echo two']))\n"
        "print((peak() - before) // 1024, answers[-1])\n"
        "box.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    grown, last = done.stdout.split()
    assert int(grown) <= 64
    assert last == "b'two'"


def test_children_yield_to_the_process_that_embeds(sandbox):
    asked(sandbox, b"echo x")
    assert psutil.Process(sandbox._process._popen.pid).nice() > psutil.Process().nice()


def test_what_a_library_prints_spoils_no_answer(sandbox):
    assert asked(sandbox, b"talk", b"echo x") == [b"answered", b"x"]


def test_the_child_reaches_no_network(sandbox):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        port = server.getsockname()[1]
        (answer,) = asked(sandbox, b"connect %d" % port)
        assert "PermissionError" in answer
        with pytest.raises(TimeoutError):
            server.accept()


def test_native_code_reaches_no_network_either_where_the_system_grants_namespaces(sandbox):
    may_unshare = "import ctypes, sys; c = ctypes.CDLL(None); sys.exit(c.unshare(1 << 30) and c.unshare(5 << 28))"
    if subprocess.run([sys.executable, "-c", may_unshare], check=False).returncode:
        pytest.skip("this system grants no network namespace; only Python's own sockets are refused here")
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert asked(sandbox, b"connect_in_c %d" % server.getsockname()[1]) == [b"-1"]


def test_the_child_knows_nothing_of_our_environment(sandbox, monkeypatch):
    monkeypatch.setenv("PLUMBLINE_MODEL__API_KEY", "secret")
    assert set(asked(sandbox, b"environment")[0].split()) <= {b"LC_CTYPE", b"OPENBLAS_NUM_THREADS"}


def test_no_descriptor_of_ours_is_open_in_the_child(sandbox, tmp_path):
    with (tmp_path / "refresh.lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)
        found = asked(sandbox, b"descriptors")[0].decode().split()
    assert all(each == "/dev/null" or each.startswith(("pipe:", "/proc/")) for each in found)


@pytest.mark.parametrize("act", ["write", "write_in_c"])
def test_the_child_writes_no_file(sandbox, tmp_path, act):
    target = tmp_path / "out"
    asked(sandbox, f"{act} {target}".encode())
    assert not target.exists() or target.read_bytes() == b""


def test_a_parser_that_does_not_start_is_told_once_and_aloud():
    box = Sandbox("no_such_module", LIMITS, root=HERE)
    with pytest.raises(UnavailableError, match="does not start"):
        asked(box, b"echo")
    box.close()


def test_stopping_ends_a_request_under_way(sandbox):
    asked(sandbox, b"echo x")
    child = psutil.Process(sandbox._process._popen.pid)
    sandbox.stop()
    sandbox.close()
    assert not child.is_running()
    with pytest.raises(UnavailableError):
        asked(sandbox, b"echo y")


def test_the_child_dies_with_a_parent_that_is_killed():
    program = (
        f"import sys; sys.path.insert(0, {str(HERE.parent.parent)!r})\n"
        "from pathlib import Path\n"
        "from indexing.sandbox import Sandbox\n"
        "from rag.settings import ParsingLimits\n"
        f"box = Sandbox('hostile_parser', ParsingLimits(timeout_s=50), root=Path({str(HERE)!r}))\n"
        "list(box.run([b'echo x']))\n"
        "print(box._process._popen.pid, flush=True)\n"
        "list(box.run([b'loop']))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    time.sleep(0.3)
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 10
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def parsed(folder, files, limits=None):
    tasks = []
    for name, content in files.items():
        path = folder / name
        path.write_bytes(content)
        tasks.append(ParseTask(path, name, len(content)))
    with Parsers(limits or ParsingLimits(timeout_s=20, workers=1)) as parsers:
        outcomes = list(parsers.parse_all(tasks))
    assert [task for task, _ in outcomes] == tasks
    return {task.relative: each for task, each in outcomes}


def word_file(replaced=None):
    """Return a DOCX, members replaced or added."""
    made, packed = io.BytesIO(), io.BytesIO()
    document = docx.Document()
    document.add_paragraph("Hello from Word.")
    document.save(made)
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        members = {name: source.read(name) for name in source.namelist()} | (replaced or {})
        for name, content in members.items():
            target.writestr(name, content)
    return packed.getvalue()


LAUGHS = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'


def test_bombs_are_refused_with_their_reason_and_the_others_go_on(tmp_path):
    outcomes = parsed(
        tmp_path,
        {
            "good.docx": word_file(),
            "zip bomb.docx": word_file({"word/media/x.xml": bytes(64 * 1024 * 1024)}),
            "laughs.docx": word_file({"word/document.xml": LAUGHS}),
            "laughs.html": LAUGHS + b"<p>text &b;</p>",
            "deep.html": b"<div>" * 100_000 + b"x",
            "deep.md": b">" * 50_000 + b"x",
            "truncated.docx": word_file()[:-300],
            "last.txt": b"The last one.",
        },
    )
    assert "archive bomb" in str(outcomes["zip bomb.docx"])
    assert "XML entities" in str(outcomes["laughs.docx"])
    assert "hahaha" not in getattr(outcomes["laughs.html"], "text", "")
    assert "nested too deeply" in str(outcomes["deep.html"])
    assert isinstance(outcomes["deep.md"], Parsed)
    assert "truncated" in str(outcomes["truncated.docx"])
    assert outcomes["good.docx"].text == "Hello from Word."
    assert outcomes["last.txt"].text == "The last one."


def test_names_are_data(tmp_path):
    names = ["a\nb.txt", "$(touch x).txt", "'; --.md", "résumé 日本.txt", "-rf.txt", "%s%n.md", " .txt"]
    outcomes = parsed(tmp_path, dict.fromkeys(names, b"Some text here."))
    assert all(each.text == "Some text here." for each in outcomes.values())
    assert outcomes["résumé 日本.txt"].title == "résumé 日本"


def test_text_beyond_the_limit_is_refused(tmp_path):
    limits = ParsingLimits(timeout_s=20, workers=1, max_text_chars=1000, max_file_bytes=5000)
    outcomes = parsed(tmp_path, {"long.txt": b"word " * 300, "huge.txt": b"word " * 3000, "ok.txt": b"Fine."}, limits)
    assert "1500 characters, more than the 1000" in str(outcomes["long.txt"])
    assert "larger than" in str(outcomes["huge.txt"])
    assert outcomes["ok.txt"].text == "Fine."


def test_what_is_no_file_is_refused_and_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "folder.txt").mkdir()
    tasks = [ParseTask(tmp_path / name, name) for name in ("pipe.txt", "folder.txt", "gone.txt")]
    with Parsers(ParsingLimits(workers=1)) as parsers:
        reasons = [str(each) for _, each in parsers.parse_all(tasks)]
    because = [
        "it is not a regular file",
        "it cannot be read: Is a directory",
        "it cannot be read: No such file or directory",
    ]
    assert reasons == because


def test_many_files_come_back_in_their_order(tmp_path):
    files = {f"{number:04}.txt": f"This is file number {number}.".encode() for number in range(300)}
    outcomes = parsed(tmp_path, files, ParsingLimits(workers=2))
    assert [each.text for each in outcomes.values()] == [content.decode() for content in files.values()]


def test_leaving_early_ends_all_children(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"Text.")
    with Parsers(ParsingLimits(workers=2)) as parsers:
        next(parsers.parse_all([ParseTask(tmp_path / "a.txt", "a.txt", 5)] * 500))
        assert any("indexing.formats" in " ".join(each.cmdline()) for each in psutil.Process().children())
    assert not any("indexing.formats" in " ".join(each.cmdline()) for each in psutil.Process().children())
