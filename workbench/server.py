"""How the workbench is started: Streamlit in a process of its own."""

import os
import sys
from pathlib import Path
from typing import NoReturn

from rag.api.server import require_loopback
from rag.settings import Settings

_APP = Path(__file__).with_name("app.py")


def command(
    settings: Settings, port: int = 8501, api_url: str = "", config: Path | None = None, *, host: str = "127.0.0.1"
) -> list[str]:
    """Return the command line that serves the workbench.

    With the API's address, citations link to its page of the document. The other settings come from `config` and
    the environment: a command line is no place for keys.
    """
    flags = {
        "server.headless": "true",
        "server.address": host,
        "server.port": str(port),
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
    }
    options = [part for name, value in flags.items() for part in (f"--{name}", value)]
    ours = ["--plumbline-home", str(settings.home)]
    ours += ["--plumbline-api", api_url] if api_url else []
    ours += ["--plumbline-config", str(config)] if config else []
    return [sys.executable, "-m", "streamlit", "run", str(_APP), *options, "--", *ours]


def serve(
    settings: Settings,
    port: int = 8501,
    config: Path | None = None,
    *,
    host: str = "127.0.0.1",
    insecure: bool = False,
) -> NoReturn:
    """Become the workbench: this process is replaced by it. Raises UsageError beyond loopback unless `insecure`."""
    require_loopback(host, insecure=insecure)
    arguments = command(settings, port, config=config, host=host)
    os.execv(arguments[0], arguments)
