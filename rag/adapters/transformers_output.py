"""What the transformers library writes to the terminal on its own account."""


def silence_transformers() -> None:
    """Switch its progress bars and reports off: what matters is raised, and a command's output is ours."""
    from transformers.utils import logging  # noqa: PLC0415  # only with the extra

    logging.disable_progress_bar()
    logging.set_verbosity_error()
