"""What a person typed, made storable once: the same characters whichever device, form or import they came from."""

import unicodedata


def clean(text: str) -> str:
    """Unicode NFC, line ends LF, without NUL and without lone surrogates; surrounding white space is taken off."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    text = text.encode("utf-8", "ignore").decode("utf-8")
    return unicodedata.normalize("NFC", text).strip()
