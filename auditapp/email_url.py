"""Where letters go, from one address in the environment."""

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

SMTP = "django.core.mail.backends.smtp.EmailBackend"
FOLDER = "django.core.mail.backends.filebased.EmailBackend"
NO_MAIL = "django.core.mail.backends.dummy.EmailBackend"


class Mail(NamedTuple):
    """What Django's settings take apart."""

    backend: str
    folder: str = ""
    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False


def mail_from_url(url: str) -> Mail:
    """smtp://person:password@host:587 (STARTTLS), smtps://… (TLS from the start), smtp+plain://localhost:25 (neither,
    for a relay on the same machine), file:///folder, or nothing at all: then nothing is sent.
    """
    if not url:
        return Mail(NO_MAIL)
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path:
        return Mail(FOLDER, folder=parts.path)
    ports = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
    if parts.scheme not in ports or not parts.hostname:
        raise ImproperlyConfigured("EMAIL_URL must begin with smtp://, smtps://, smtp+plain:// or file:///.")
    return Mail(
        SMTP,
        host=parts.hostname,
        port=parts.port or ports[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=parts.scheme == "smtp",
        tls=parts.scheme == "smtps",
    )
