"""What the Hub refuses when something is written to it, in one sentence with the remedy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub import constants
from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

from phosphene.errors import InputError, PhospheneError

CODES = {
    401: "the Hub does not accept this token; set HF_TOKEN to a valid one that may write",
    402: "the Hub asks for a paid plan for this; choose other HARDWARE, or see its billing page",
    403: "this token may not write there; make one with write access and set HF_TOKEN to it",
    404: "there is no such Space or owner, or this token may not see it; check the name",
    409: "it is being made or changed by somebody else; deploy again in a minute",
    412: "somebody else changed it meanwhile; deploy again",
    413: "a file is too large for the Hub; make it smaller",
    429: "the Hub asks to wait (429); deploy again in some minutes",
}
LONGEST = 160


@contextmanager
def told(space: str) -> Iterator[None]:
    """Whatever the Hub's client raises, as InputError with one sentence about this Space."""
    try:
        yield
    except PhospheneError:
        raise
    except Exception as error:
        raise InputError(f"{space}: {sentence(error)}") from None


def sentence(error: Exception) -> str:
    """What went wrong and what to do."""
    if isinstance(error, RuntimeError) and isinstance(error.__cause__, Exception):
        error = error.__cause__  # of an upload: the client names the file, the cause the reason
    if isinstance(error, LocalTokenNotFoundError):
        return (
            f"no token for the Hub; make one that may write at "
            f"{constants.ENDPOINT}/settings/tokens and set HF_TOKEN to it"
        )
    if isinstance(error, HfHubHTTPError):
        return _of_status(error)
    # By its name: which library the client speaks HTTP with differs between its versions.
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if kinds & {"TransportError", "OSError"}:
        return f"the Hub cannot be reached ({type(error).__name__}); try again online"
    return f"{one_line(str(error)) or type(error).__name__}; check the name and the files"


def _of_status(error: HfHubHTTPError) -> str:
    code = getattr(error.response, "status_code", 0)
    words = CODES.get(code, f"the Hub answered {code}; try again later")
    # A conflict, a plan or a size is told best by the Hub itself.
    own = one_line(error.server_message or "") if code in (400, 402, 403, 409, 413, 422) else ""
    return f"{words} ({own})" if own else words


def one_line(text: str) -> str:
    """The first line that says anything, cut where it is long."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return first if len(first) <= LONGEST else f"{first[: LONGEST - 1]}…"
