from django.db import migrations, models
import django.db.models.deletion

FILL = """
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE appraisal_figures_target t
   SET at_id = coalesce(t.unit_id, (SELECT m.unit_id FROM managers_profiles_relationshipmanager m WHERE m.id = t.manager_id));
"""


class Migration(migrations.Migration):
    dependencies = [("appraisal_figures", "0001_initial"), ("org", "0001_initial")]

    operations = [
        migrations.AlterField(
            "target", "at",
            models.ForeignKey(
                editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="org.orgunit"
            ),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, FILL),
        migrations.RemoveField("target", "at"),
    ]
