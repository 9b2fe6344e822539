from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("insight", "0001_indices_as_data"),
    ]

    operations = [
        migrations.AddField(
            model_name="indexdefinition",
            name="withdrawn_because",
            field=models.TextField(blank=True, default="", verbose_name="why it was withdrawn"),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="indexdefinition",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "draft"),
                    ("published", "published"),
                    ("superseded", "replaced by a newer version"),
                    ("withdrawn", "withdrawn"),
                ],
                default="draft",
                max_length=12,
                verbose_name="state",
            ),
        ),
    ]
