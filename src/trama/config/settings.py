"""Settings. Everything that an installation may change comes from the environment; see docs/installation.md."""

from __future__ import annotations

import os
import sys

import dj_database_url
from csp.constants import NONCE, NONE, SELF

from trama import __version__
from trama.config.home import PACKAGE, home, secret_key

TRAMA_HOME = home()
TRAMA_HOME.mkdir(parents=True, exist_ok=True)

DEBUG = os.environ.get("TRAMA_DEBUG") == "1"
TESTING = "pytest" in sys.modules
SECRET_KEY = secret_key(TRAMA_HOME)
# Where the site answers; behind a reverse proxy name the public hosts. Loopback is always there for the first run.
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", *filter(None, os.environ.get("TRAMA_HOSTS", "").split(","))]
if TESTING:
    ALLOWED_HOSTS.append("testserver")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in filter(None, os.environ.get("TRAMA_HOSTS", "").split(","))]
BEHIND_HTTPS = os.environ.get("TRAMA_HTTPS") == "1"
if BEHIND_HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME = "trama_session"
CSRF_COOKIE_NAME = "trama_csrf"
LANGUAGE_COOKIE_NAME = "trama_language"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

INSTALLED_APPS = [
    "trama.portal",
    "trama.intake",
    "trama.reports",
    "trama.monitoring",
    "trama.insight",
    "trama.experiences",
    "trama.directory",
    "trama.people",
    "trama.network",
    "trama.territory",
    "trama.accounts",
    "trama.ui",
    "trama.core",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "axes",
    "csp",
    "django_htmx",
    "bootstrap_italia_template",
    "leaflet",
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
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
    "trama.network.middleware.ActorMiddleware",
    "trama.core.middleware.PageMiddleware",
]

ROOT_URLCONF = "trama.config.urls"
WSGI_APPLICATION = "trama.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "csp.context_processors.nonce",
                "trama.ui.context.interface",
            ],
        },
    }
]

# --- data ---------------------------------------------------------------------------------------------------------
DATABASES = {
    "default": dj_database_url.config(
        env="DATABASE_URL",
        default=f"sqlite:///{TRAMA_HOME / 'trama.sqlite3'}",
        conn_max_age=600,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=33554432; "
            "PRAGMA cache_size=-8000; PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=ON;"
        ),
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 2000}}}
MEDIA_ROOT = TRAMA_HOME / "uploads"
# Static files are gathered and compressed once per version by `trama prepare`; the version stands in their address, so
# that a browser may keep them, and fetches new ones after an update.
STATIC_URL = f"static/{__version__}/"
STATIC_ROOT = TRAMA_HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG or TESTING
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 0 if DEBUG else 86_400
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "trama.core.uploads.Bound",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- people -------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["trama.accounts.adapter.LockOut", "trama.accounts.adapter.Accounts"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:my_day"
LOGOUT_REDIRECT_URL = "portal:home"
# A working day; a computer left alone is not an open door for weeks.
SESSION_COOKIE_AGE = 60 * 60 * 10
SESSION_COOKIE_SAMESITE = "Lax"
PASSWORD_RESET_TIMEOUT = 60 * 60 * 24 * 3
ACCOUNT_ADAPTER = "trama.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {"login": "trama.accounts.forms.LoginForm"}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Trama: "
# Nobody learns from the answer whether an address is known; who is not known gets no mail.
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Wrong passwords are counted by axes, in the database: the count holds for all processes of the server.
ACCOUNT_RATE_LIMITS = {"login_failed": None, "login": "60/m/ip"}
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if BEHIND_HTTPS else "http"
# The reverse proxy in front, when there is one, says the address of who calls.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_HTTPS else 0
MFA_ADAPTER = "trama.accounts.adapter.SecondProofAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Trama"
# WebAuthn wants https, except on the machine itself where people try it.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not BEHIND_HTTPS
SOCIALACCOUNT_ADAPTER = "trama.accounts.adapter.SocialAdapter"
SOCIALACCOUNT_AUTO_SIGNUP = True
# The provider is the body's own: whoever it names by a verified e-mail is the person of that account.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
# The button posts; a link from elsewhere cannot start a login.
SOCIALACCOUNT_LOGIN_ON_GET = False
# Whether people of the provider who are not known yet get an account (without any role) when they come in.
OIDC_WELCOMES_NEW = os.environ.get("TRAMA_OIDC_NEW") == "1"
SOCIALACCOUNT_PROVIDERS = {}
if os.environ.get("TRAMA_OIDC_URL"):
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "oidc",
                "name": os.environ.get("TRAMA_OIDC_NAME", "OpenID Connect"),
                "client_id": os.environ.get("TRAMA_OIDC_CLIENT", ""),
                "secret": os.environ.get("TRAMA_OIDC_SECRET", ""),
                "settings": {"server_url": os.environ["TRAMA_OIDC_URL"]},
            }
        ],
    }
# Hosts that a form may lead to: the login page of the provider, and others that it sends people on to.
OIDC_ORIGINS = [
    "/".join(address.split("/")[:3])
    for address in (os.environ.get("TRAMA_OIDC_URL", ""), *os.environ.get("TRAMA_OIDC_ORIGINS", "").split(","))
    if address
]
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "trama.accounts.adapter.guessed_account"
AXES_LOCKOUT_CALLABLE = "trama.accounts.adapter.locked_out"
AXES_CLIENT_IP_CALLABLE = "trama.accounts.adapter.client_ip"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_ENABLE_ACCESS_FAILURE_LOG = False
# Who came in stands in the audit.
AXES_DISABLE_ACCESS_LOG = True

# --- what goes out ------------------------------------------------------------------------------------------------
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = TRAMA_HOME / "outbox"
if os.environ.get("TRAMA_SMTP_HOST"):
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = os.environ["TRAMA_SMTP_HOST"]
    EMAIL_PORT = int(os.environ.get("TRAMA_SMTP_PORT", "587"))
    EMAIL_HOST_USER = os.environ.get("TRAMA_SMTP_USER", "")
    EMAIL_HOST_PASSWORD = os.environ.get("TRAMA_SMTP_PASSWORD", "")
    EMAIL_USE_TLS = os.environ.get("TRAMA_SMTP_TLS", "1") == "1"
DEFAULT_FROM_EMAIL = os.environ.get("TRAMA_MAIL_FROM", "trama@localhost")

# --- language and time --------------------------------------------------------------------------------------------
LANGUAGE_CODE = "it"
LANGUAGES = [("it", "Italiano"), ("en", "English")]
USE_I18N = True
USE_THOUSAND_SEPARATOR = False
TIME_ZONE = "Europe/Rome"
USE_TZ = True
FORMAT_MODULE_PATH = ["trama.ui.formats"]

# --- content security ---------------------------------------------------------------------------------------------
# The background map is a choice of the installation (address of the tiles and its attribution); none by default.
# Whom people write to about accessibility and privacy: an e-mail address, or words.
CONTACT = os.environ.get("TRAMA_CONTACT", "")
MAP_TILES = os.environ.get("TRAMA_MAP_TILES", "")
MAP_ATTRIBUTION = os.environ.get("TRAMA_MAP_ATTRIBUTION", "")
_tiles = ["/".join(MAP_TILES.replace("{s}", "*").split("/")[:3])] if MAP_TILES else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", *_tiles],
        "font-src": [SELF, "data:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF, *OIDC_ORIGINS],
        "frame-ancestors": [NONE],
    }
}

# --- Trama --------------------------------------------------------------------------------------------------------
# Days after which what nobody confirmed is shown as decayed.
CONFIRM_WITHIN_DAYS = int(os.environ.get("TRAMA_CONFIRM_WITHIN_DAYS", "365"))
CODELISTS = [PACKAGE / app / "codelists" for app in ("territory", "network", "directory", "experiences")]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {
        "django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        "axes": {"level": "ERROR"},
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
}
