"""Forms about people."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.accounts.models import Role, Site, User
from auditapp.accounts.notifications import MailChoice


class SignInForm(AuthenticationForm):
    """E-mail and password. The same sentence for a wrong address and a wrong password."""

    username = forms.EmailField(
        label=gettext_lazy("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    error_messages = {
        "invalid_login": gettext_lazy(
            "The e-mail address or the password is not right. Check both; after eight wrong tries sign-in is "
            "locked for fifteen minutes."
        ),
        "inactive": gettext_lazy("This account is closed."),
    }


class SignInAgainForm(SignInForm):
    """The password of the person whose page it is (`person`, the key of their row)."""

    person = forms.IntegerField()

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if self.user_cache is not None and self.user_cache.pk != values.get("person"):
            raise forms.ValidationError(_("This page belongs to somebody else. Only that person can sign in here."))
        return values

    @property
    def sentences(self) -> list[str]:
        return [str(error) for errors in self.errors.values() for error in errors]


class PasswordForm(forms.Form):
    """A new password, with the present one."""

    present = forms.CharField(
        label=gettext_lazy("Present password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=gettext_lazy("New password"),
        strip=False,
        help_text=gettext_lazy("At least 12 characters. A few words that only you would put together work well."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_present(self) -> str:
        if not self.user.check_password(self.cleaned_data["present"]):
            raise forms.ValidationError(_("This is not your present password."))
        return self.cleaned_data["present"]

    def clean_new(self) -> str:
        password_validation.validate_password(self.cleaned_data["new"], self.user)
        return self.cleaned_data["new"]


class RoleForm(forms.Form):
    """A role to give, at one hospital or everywhere."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices)
    site = forms.ModelChoiceField(
        label=gettext_lazy("Hospital"),
        queryset=Site.objects.none(),
        required=False,
        empty_label=gettext_lazy("All hospitals of the organisation"),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = Site.objects.in_reach_of(user)  # type: ignore[attr-defined]


class InvitationForm(RoleForm):
    """A new account with its first role and a first password, which the person changes."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("Printed after the name in reports, such as “Consultant anaesthetist”."),
    )
    email = forms.EmailField(label=gettext_lazy("E-mail"))
    password = forms.CharField(
        label=gettext_lazy("First password"),
        help_text=gettext_lazy("At least 12 characters. Tell the person yourself; they change it at “Your account”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order = ["name", "title", "email", "role", "site", "password"]

    def clean_email(self) -> str:
        if User.objects.is_known(self.cleaned_data["email"]):
            raise forms.ValidationError(_("This e-mail address already has an account."))
        return self.cleaned_data["email"]

    def clean_password(self) -> str:
        password_validation.validate_password(self.cleaned_data["password"])
        return self.cleaned_data["password"]


class NotificationsForm(forms.Form):
    """Which letters a person wants."""

    def __init__(self, *args: Any, choice: MailChoice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for letter, label in MailChoice.Letter.choices:
            self.fields[letter] = forms.BooleanField(label=label, required=False, initial=choice.wants(letter))
