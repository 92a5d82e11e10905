"""Settings, all read from the environment; `docs/hosting.md` lists every variable. There is no second settings file."""

import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from auditapp.email_url import mail_from_url
from auditapp.embedded.postgres import Server

BASE_DIR = Path(__file__).resolve().parent.parent


def _flag(name: str, default: bool = False) -> bool:
    """A switch in the environment: 1, true, yes and on mean on."""
    return os.environ.get(name, str(default)).strip().lower() in {"1", "true", "yes", "on"}


def _list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in os.environ.get(name, default).split(",") if item.strip()]


# Where files live: the embedded Postgres, keys, evidence, exported checkpoints.
DATA_DIR = Path(os.environ.get("AUDITAPP_DATA_DIR") or BASE_DIR / ".data").resolve()
AUDITAPP_KEYS_DIR = Path(os.environ.get("AUDITAPP_KEYS_DIR") or DATA_DIR / "keys")
AUDITAPP_EVIDENCE_DIR = Path(os.environ.get("AUDITAPP_EVIDENCE_DIR") or DATA_DIR / "evidence")
AUDITAPP_UPLOADS_DIR = Path(os.environ.get("AUDITAPP_UPLOADS_DIR") or DATA_DIR / "uploads")
AUDITAPP_CHECKPOINTS_DIR = Path(os.environ.get("AUDITAPP_CHECKPOINTS_DIR") or DATA_DIR / "checkpoints")
AUDITAPP_DEMO = _flag("AUDITAPP_DEMO")

# Where private keys live: files (folder), encrypted files (pkcs12), or a token or HSM (pkcs11). docs/keys.md.
KEY_STORE = os.environ.get("KEY_STORE") or "folder"
if KEY_STORE not in {"folder", "pkcs12", "pkcs11"}:
    raise ImproperlyConfigured("KEY_STORE is folder, pkcs12 or pkcs11.")
KEY_STORE_SECRET = Path(os.environ["KEY_STORE_SECRET"]) if "KEY_STORE_SECRET" in os.environ else None
PKCS11_MODULE = os.environ.get("PKCS11_MODULE", "")
PKCS11_TOKEN = os.environ.get("PKCS11_TOKEN", "")

# What the signatures in a report prove (PAdES), and who says when (RFC 3161): docs/keys.md.
TIMESTAMP_URL = os.environ.get("TIMESTAMP_URL", "").strip()
TIMESTAMP_CERTIFICATES = Path(os.environ["TIMESTAMP_CERTIFICATES"]) if "TIMESTAMP_CERTIFICATES" in os.environ else None
SIGNATURE_LEVEL = os.environ.get("SIGNATURE_LEVEL") or ("B-LTA" if TIMESTAMP_URL else "B-B")
if SIGNATURE_LEVEL not in {"B-B", "B-T", "B-LT", "B-LTA"}:
    raise ImproperlyConfigured("SIGNATURE_LEVEL is B-B, B-T, B-LT or B-LTA.")
if SIGNATURE_LEVEL != "B-B" and not (TIMESTAMP_URL and TIMESTAMP_CERTIFICATES):
    raise ImproperlyConfigured(f"{SIGNATURE_LEVEL} needs TIMESTAMP_URL and TIMESTAMP_CERTIFICATES.")

DEBUG = _flag("AUDITAPP_DEBUG")


def _secret_key() -> str:
    """The environment's, else the one that `make demo` wrote into its data folder; otherwise the start is refused."""
    if key := os.environ.get("SECRET_KEY"):
        return key
    kept = DATA_DIR / "secret_key"
    if kept.exists():
        return kept.read_text().strip()
    raise ImproperlyConfigured("Set SECRET_KEY to a long random text, or start the demo with `make demo`.")


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = _list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = _list("CSRF_TRUSTED_ORIGINS")
PUBLIC_URL = os.environ.get("PUBLIC_URL", f"http://localhost:{os.environ.get('PORT', '8000')}").rstrip("/")

# DATABASE_URL is the web role's, DATABASE_OWNER_URL the owner's; unset means the embedded server in the data folder.
_owner = os.environ.get("AUDITAPP_DATABASE_ROLE") == "owner"
_database_url = os.environ.get("DATABASE_OWNER_URL" if _owner else "DATABASE_URL") or os.environ.get("DATABASE_URL")
_pool = int(os.environ.get("DATABASE_POOL", "6"))  # connections per process; 0 means none are kept
_database = dj_database_url.parse(_database_url or Server(DATA_DIR).url("auditapp_owner" if _owner else "auditapp_web"))
_given = _database.get("OPTIONS", {})  # what the address says after its question mark, such as sslmode
# A list of audits joins ten tables by their keys. Weighing every order of doing so, with row-level security on each,
# takes PostgreSQL thirty milliseconds; the order in which Django writes them is right, but for the first few.
_planning = {"options": f"{_given.get('options', '')} -c join_collapse_limit=5".strip()}
DATABASES = {
    "default": {
        **_database,
        # Each view is a savepoint inside the request's transaction, so that an error page is rendered after the
        # view's writes are gone and while the person's scope still holds (auditapp.middleware).
        "ATOMIC_REQUESTS": True,
        "OPTIONS": _given | _planning | ({"pool": {"min_size": 1, "max_size": _pool}} if _pool else {}),
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "bootstrap",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "axes",
    "procrastinate.contrib.django",
    "auditapp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "auditapp.middleware.Scope",
    "auditapp.middleware.Announced",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "auditapp.urls"
WSGI_APPLICATION = "auditapp.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "auditapp.context.ui",
            ],
            "builtins": ["django.templatetags.i18n", "auditapp.templatetags.auditapp_ui"],
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
CRISPY_FAIL_SILENTLY = False

# People and sign-in
AUTH_USER_MODEL = "auditapp.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "auditapp.accounts.backend.EmailBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "tracking:my_work"
LOGOUT_REDIRECT_URL = "accounts:sign_in"
SESSION_COOKIE_AGE = int(os.environ.get("SESSION_HOURS", "12")) * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
CSRF_FAILURE_VIEW = "auditapp.public.csrf_failure"
# Eight wrong passwords for one account from one address lock that pair for fifteen minutes; signing counts as well.
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "errors/locked.html"
AXES_USERNAME_FORM_FIELD = "username"
AXES_CLIENT_IP_CALLABLE = "auditapp.accounts.backend.client_address"
AXES_VERBOSE = False

# What the browser may load: our own files, nothing inline, nothing from elsewhere.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # Bootstrap's own CSS carries its marks as data: images
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-src": [SELF],
        "frame-ancestors": [SELF],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = int(os.environ.get("HSTS_SECONDS", "0"))
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _flag("BEHIND_PROXY") else None
X_FRAME_OPTIONS = "SAMEORIGIN"  # the signing page shows the report in a frame of its own

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = os.environ.get("STATIC_ROOT") or None
# Served straight from where they are developed: no build step to forget. Hosting may run collectstatic before a proxy.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

EVIDENCE_MAX_BYTES = int(os.environ.get("EVIDENCE_MAX_MEGABYTES", "100")) * 1024 * 1024
# A ClamAV daemon that every file is shown to: unix:/run/clamav/clamd.ctl or host:port. Unset: no scan.
CLAMD_ADDRESS = os.environ.get("CLAMD_ADDRESS", "").strip()
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
STORAGES = {
    "default": {"BACKEND": "auditapp.evidence.storage.ContentAddressedStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", _("English"))]
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("TIME_ZONE", "Europe/London")

# E-mail. EMAIL_URL names the server, or with file:///folder a folder into which letters are written; the demo keeps
# them in its data folder, and an installation without one sends nothing.
EMAIL = mail_from_url(os.environ.get("EMAIL_URL") or (f"file://{DATA_DIR / 'mail'}" if AUDITAPP_DEMO else ""))
EMAIL_BACKEND = EMAIL.backend
EMAIL_FILE_PATH = EMAIL.folder or None
EMAIL_HOST, EMAIL_PORT = EMAIL.host, EMAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = EMAIL.user, EMAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL.starttls, EMAIL.tls
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("EMAIL_FROM", f"auditapp@{urlsplit(PUBLIC_URL).hostname or 'localhost'}")
DIGEST_HOUR = int(os.environ.get("DIGEST_HOUR", "7"))  # by the clock of each hospital

# A worker that stops sending its heartbeat has its job given to another one (auditapp.reports.jobs).
PROCRASTINATE_WORKER_DEFAULTS = {
    "update_heartbeat_interval": 2,
    "stalled_worker_timeout": 10,
    "shutdown_graceful_timeout": 20,
    "concurrency": 1,
    "delete_jobs": "successful",  # what they did is in the product's own rows; failed ones stay to be looked at
}
PROCRASTINATE_IMPORT_PATHS = [
    "auditapp.deployments.letters",
    "auditapp.findings.letters",
    "auditapp.reports.board_jobs",
    "auditapp.reports.jobs",
    "auditapp.evidence.jobs",
    "auditapp.audits.letters",
    "auditapp.audits.supplier_mail",
    "auditapp.tracking.board_reports",
    "auditapp.tracking.digest",
    "auditapp.tracking.reminders",
    "auditapp.exchange.jobs",
    "auditapp.tracking.stale_letters",
]

# Where news may be sent (docs/webhooks.md): out to the internet, encrypted. What lies inside, such as an integration
# engine, is named here as networks; http is for trying things out on one machine.
WEBHOOK_ALLOWED_NETWORKS = _list("WEBHOOK_ALLOWED_NETWORKS")
WEBHOOK_ALLOW_HTTP = _flag("WEBHOOK_ALLOW_HTTP")
WEBHOOK_PAUSE_DAYS = int(os.environ.get("WEBHOOK_PAUSE_DAYS", "5"))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "WARNING")},
}

try:
    APP_VERSION = version("auditapp")
except PackageNotFoundError:  # run from a clone, which is not installed
    APP_VERSION = "0.1.0"
