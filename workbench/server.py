"""How the workbench is started: Streamlit in a process of its own."""

import os
import sys
from pathlib import Path
from typing import NoReturn

from rag.api.server import require_loopback
from rag.settings import Settings

_APP = Path(__file__).with_name("app.py")
# One look, light and dark as the browser says. Text keeps a contrast of 4.5 to its ground (WCAG 2.2, 1.4.3).
_THEME = {
    "theme.font": "sans-serif",
    "theme.baseRadius": "small",
    "theme.showWidgetBorder": "true",
    "theme.baseFontSize": "15",
    "theme.paddingTop": "2.5rem",
    "theme.headingFontSizes": '["2rem", "1.4rem", "1.15rem", "1rem", "1rem", "1rem"]',
    "theme.metricValueFontSize": "1.6rem",
    "theme.chartCategoricalColors": '["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]',
    "theme.light.primaryColor": "#0067A3",
    "theme.light.linkColor": "#005C91",
    "theme.dark.primaryColor": "#2E86C1",
    "theme.dark.linkColor": "#7CC0EE",
}


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
        "client.showErrorDetails": "none",
        "client.showErrorLinks": "false",
        **_THEME,
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
