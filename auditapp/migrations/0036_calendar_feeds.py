"""What stands in a person's calendar feed, and the day on which somebody last asked for it."""

from django.db import migrations, models

WEB = "auditapp_web"
TABLE = "auditapp_calendarfeed"


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0035_life_of_a_deployment")]

    operations = [
        migrations.AddField("calendarfeed", "only_mine", models.BooleanField(db_default=False, default=False)),
        migrations.AddField("calendarfeed", "used_on", models.DateField(null=True)),
        # Row security and all other grants came with the table.
        migrations.RunSQL(
            f"GRANT UPDATE (used_on) ON {TABLE} TO {WEB}", f"REVOKE UPDATE (used_on) ON {TABLE} FROM {WEB}"
        ),
    ]
