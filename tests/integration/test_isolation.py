"""What `plumbline doctor` says of the processes that read files is measured, so it can say no as well."""

import json
import subprocess
import sys

from indexing.isolation import limits_in_force
from rag.settings import ParsingLimits
from tests.conftest import REPOSITORY, plumbline

ALWAYS = {"memory", "processor time", "writing", "open files", "empty environment", "processes", "network"}


def test_a_confined_process_reports_its_limits_in_force():
    found = limits_in_force(ParsingLimits(memory_bytes=512 * 1024**2))
    assert {name for name, said in found.items() if said == "in force"} >= ALWAYS | {"lower priority"}
    assert "network of native code" in found


def test_a_process_without_limits_reports_none_in_force():
    program = "from indexing.probing import probe; print(probe(b'1000000').decode())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    unlimited = json.loads(done.stdout)
    assert not [name for name in ALWAYS - {"open files", "processor time"} if unlimited[name]]


def test_doctor_shows_which_limits_are_in_force(settings):
    done = plumbline(settings.home, "doctor", "--json")
    assert json.loads(done.stdout)["isolation"]["memory"] == "in force"
