"""How often, and how many at once: anybody may send files to be checked, and each costs a second or two."""

from django.db import connection
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

MOST_OF_ONE = 60  # files from one address in ten minutes
MOST_AT_ONCE = 4  # files being read, over all processes
LOCKS = 7350  # of the database, one for each place


def refusal_of_turn(address: str) -> str:
    """Why a file from this address is not read now, in words; empty if it may be, and it is then counted.

    The address itself is not kept, but a digest that only this installation can make, for ten minutes. A place is
    held until the request's transaction ends.
    """
    who = salted_hmac("auditapp.verification", address).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT auditapp_may_verify(%s, %s)", [who, MOST_OF_ONE])
        if not cursor.fetchone()[0]:
            return _("Too many files came from your address. Try again in ten minutes.")
        for place in range(MOST_AT_ONCE):
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCKS, place])
            if cursor.fetchone()[0]:
                return ""
    return _("Other files are being read. Try again in a moment.")
