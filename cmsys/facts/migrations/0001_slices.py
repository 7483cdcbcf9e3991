import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('transfers', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='FactSlice',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField(verbose_name='序号')),
                ('rows', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None, verbose_name='行号')),
                ('ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None, verbose_name='新增的对象')),
                ('marks', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None, verbose_name='校验值')),
                ('changed', models.JSONField(default=list, verbose_name='更新的对象')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='slices', to='transfers.importbatch')),
            ],
            options={
                'verbose_name': '事实导入分段',
                'ordering': ['batch', 'number'],
                'constraints': [models.UniqueConstraint(fields=('batch', 'number'), name='facts_slice_once')],
            },
        ),
    ]
