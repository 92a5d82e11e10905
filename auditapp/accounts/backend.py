"""Signing in by e-mail and password, before any scope is set."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from auditapp.accounts import scope
from auditapp.accounts.models import User


class EmailBackend(BaseBackend):
    """Finds the account through the database functions of sign-in; row-level security hides it otherwise."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """The person, if the password is right. A wrong address takes as long as a wrong password.

        Nobody signed in: the scope becomes that of the person's organisation. Somebody who re-authenticates for one act
        keeps the scope they have.
        """
        if username is None or password is None:
            return None
        user = User.objects.to_sign_in(username)
        if user is None:
            User().set_password(password)
            return None
        signed_in = getattr(request, "user", None)
        if signed_in is None or not signed_in.is_authenticated:
            scope.enter(user.organisation_id, [])
        return user if user.check_password(password) else None

    def get_user(self, user_id: int) -> User | None:
        return User.objects.of_session(user_id)


def client_address(request: HttpRequest) -> str:
    """The address that lock-outs count by: the last proxy's word when hosting says there is one, else the peer's."""
    return request.META.get("REMOTE_ADDR", "")
