"""Names and free text that are safe in file names, HTML and generated configuration."""

from __future__ import annotations

import re
import unicodedata

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$"
"""The identifiers that the table schemas accept too."""

_NAME = re.compile(NAME_PATTERN.removesuffix("$").removeprefix("^"))
_MARKUP = re.compile(r"<\s*[A-Za-z/!?]|&#?\w+;|javascript:", re.IGNORECASE)
_LONGEST_TEXT = 500


def check_name(value: str) -> str:
    """`value`, when it can name a file, an HTML anchor and a configuration key alike.

    Raises:
        ValueError: with what to write instead.
    """
    if not _NAME.fullmatch(value) or ".." in value:
        raise ValueError(
            "a name starts with a letter or digit and goes on with letters, digits and . _ @ + - "
            "(128 at most, no '..', no path separators, no markup)"
        )
    return value


def check_text(value: str) -> str:
    """`value` without surrounding blanks, when it is one line or more of plain text.

    Raises:
        ValueError: empty, too long, control characters, or something that a browser would run.
    """
    text = value.strip()
    if not text:
        raise ValueError("the text is empty: say it in a few words")
    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"the text has {len(text)} characters: {_LONGEST_TEXT} at most")
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs") and char != "\n" for char in text):
        raise ValueError("the text holds control characters: write plain text")
    if _MARKUP.search(text):
        raise ValueError("the text looks like markup: write plain text without tags or entities")
    return text
