"""The sentences of verification: in the page's language where Django runs, and as they are written elsewhere."""

import sys


def _(sentence: str) -> str:
    settings = sys.modules.get("django.conf")
    if settings is None or not settings.settings.configured:
        return sentence
    from django.utils.translation import gettext  # noqa: PLC0415 - there may be no Django at all

    return gettext(sentence)
