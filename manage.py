#!/usr/bin/env python
"""Django's command line. What changes tables, or what is asked, connects as the owner; all else as the web role."""

import os
import sys

OWNER_COMMANDS = {
    "migrate",
    "load_questionnaires",
    "load_demo_questionnaires",
    "load_frameworks",
    "makemigrations",
    "sqlmigrate",
    "showmigrations",
    "flush",
    "dbshell",
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "auditapp.settings")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ.setdefault("AUDITAPP_DATABASE_ROLE", "owner")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - settings must be chosen first

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
