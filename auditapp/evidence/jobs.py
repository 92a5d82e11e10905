"""Upkeep: uploads that nobody went on with do not stay."""

from procrastinate.contrib.django import app

from auditapp.accounts import scope


@app.periodic(cron="23 * * * *")
@app.task(queue="upkeep", queueing_lock="sweep_uploads", name="upkeep.sweep_uploads")
def sweep_uploads(timestamp: int) -> None:
    """Every hour, drop unfinished uploads that have been silent for two days."""
    from auditapp.accounts.checkpoints import tenants  # noqa: PLC0415 - needs the models
    from auditapp.evidence import uploads  # noqa: PLC0415

    for tenant in tenants():
        if tenant.id is not None:
            with scope.entered(tenant.id):
                uploads.sweep()
    uploads.sweep_disk()
