"""An address of another system, and what it is told."""

from django import forms
from django.utils.translation import gettext_lazy

from auditapp.deployments.forms import Words
from auditapp.exchange.models.webhook import Kind
from auditapp.exchange.webhooks import sending
from auditapp.questionnaires.forms.exchange import refusal
from auditapp.refusals import Refused


class KindsForm(forms.Form):
    """Which kinds of news."""

    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("What it is told"),
        choices=Kind.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one kind of news.")},
    )


class WebhookForm(KindsForm):
    """A new one."""

    url = Words(
        label=gettext_lazy("Address"),
        max_length=500,
        help_text=gettext_lazy("Such as https://integration.example/auditapp. News is posted to it as JSON."),
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Enter the address.")},
    )
    field_order = ["url", "kinds"]

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            sending.must_be_possible(url)
        except Refused as refused:
            raise refusal(refused) from refused
        return url
