"""An indicator keeps that it counts people, and of what it is a part: no later file can make another number of it."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def find_counts(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Mark what was loaded as counts of people: only those bear the note of a small number."""
    indicators = apps.get_model("territory", "ContextIndicator").objects.order_by()
    small = apps.get_model("territory", "ContextValue").objects.filter(state="too_small", note="< 3").order_by()
    indicators.filter(pk__in=small.values("indicator")).update(counts_people=True, adds_up=True)


class Migration(migrations.Migration):
    dependencies = [("territory", "0004_withdrawn_values")]
    operations = [
        migrations.AddField("contextindicator", "counts_people", models.BooleanField(default=False)),
        migrations.AddField(
            "contextindicator",
            "part_of",
            models.CharField(blank=True, help_text="code of the indicator of which it counts some", max_length=60),
        ),
        migrations.RunPython(find_counts, migrations.RunPython.noop, elidable=True),
    ]
