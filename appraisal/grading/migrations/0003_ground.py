from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appraisal_grading', '0002_unit_follows_person'),
    ]

    operations = [
        migrations.AddField(
            model_name='gradedecision',
            name='ground',
            field=models.TextField(blank=True, editable=False, default=''),
            preserve_default=False,
        ),
    ]
