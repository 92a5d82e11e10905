"""The one Django app; its rooms are plain packages (docs/decisions/0001)."""

from django.apps import AppConfig


class AuditappConfig(AppConfig):
    name = "auditapp"
