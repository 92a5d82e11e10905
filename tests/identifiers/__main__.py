"""`python -m tests.identifiers`: prints how well the rules do on the labelled passages."""

import django
from django.conf import settings

if __name__ == "__main__":
    settings.configure(SECRET_KEY="only to measure", USE_I18N=False)
    django.setup()
    from tests.identifiers.measuring import table

    print(table())
