"""What moves an audit along or ends it: withdrawal, revision."""

from django.utils.translation import gettext_lazy

from auditapp.deployments.forms import Words, long_text
from auditapp.evidence.looking import LooksForPatients


class ReasonForm(LooksForPatients):
    """A reason that stays on the record."""

    reason = Words(
        label=gettext_lazy("Reason"),
        widget=long_text(),
        error_messages={"required": gettext_lazy("Give the reason.")},
    )


class WithdrawalForm(ReasonForm):
    reason = Words(
        label=gettext_lazy("Why it is withdrawn"),
        help_text=gettext_lazy("Read by everyone who finds this audit later."),
        widget=long_text(),
        error_messages={"required": gettext_lazy("Give the reason why this audit is withdrawn.")},
    )


class RevisionForm(ReasonForm):
    reason = Words(
        label=gettext_lazy("Why it is revised"),
        help_text=gettext_lazy("What was wrong or has become known. It is printed in the new report."),
        widget=long_text(),
        error_messages={"required": gettext_lazy("Give the reason for the revision.")},
    )
