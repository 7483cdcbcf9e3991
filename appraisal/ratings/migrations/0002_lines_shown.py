import django.db.models.deletion
from django.db import migrations, models

# Superior and self stand by their names; of all others only the mean, and only from three raters on.
VIEW = """
CREATE VIEW appraisal_ratings_line AS
SELECT id, period, manager_id, rater_group, indicator_code, rater, 1 AS raters, score, comment, updated_at
  FROM appraisal_ratings_rating
 WHERE rater_group IN ('superior', 'self')
UNION ALL
SELECT min(id), period, manager_id, rater_group, indicator_code, '', count(*)::integer,
       round(avg(score), 2)::numeric(6, 2), '', max(updated_at)
  FROM appraisal_ratings_rating
 WHERE rater_group NOT IN ('superior', 'self')
 GROUP BY period, manager_id, rater_group, indicator_code
HAVING count(*) >= 3
"""


class Migration(migrations.Migration):
    dependencies = [("appraisal_ratings", "0001_initial"), ("managers_profiles", "0001_initial")]

    operations = [
        migrations.RunSQL(VIEW, "DROP VIEW appraisal_ratings_line"),
        migrations.CreateModel(
            name="RatingLine",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("manager", models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="managers_profiles.relationshipmanager", verbose_name="被评人")),
                ("period", models.CharField(max_length=7, verbose_name="期间")),
                ("rater_group", models.CharField(choices=[("superior", "上级"), ("peer", "同级"), ("customer", "客户"), ("department", "其他部门"), ("subordinate", "下级"), ("self", "本人")], max_length=20, verbose_name="评价关系")),
                ("indicator_code", models.CharField(max_length=40, verbose_name="指标编码")),
                ("rater", models.CharField(max_length=80, verbose_name="评价人")),
                ("raters", models.IntegerField(verbose_name="评价人数")),
                ("score", models.DecimalField(decimal_places=2, max_digits=6, verbose_name="评分")),
                ("comment", models.CharField(max_length=500, verbose_name="评语")),
                ("updated_at", models.DateTimeField(verbose_name="更新时间")),
            ],
            options={"verbose_name": "能力评分", "db_table": "appraisal_ratings_line", "ordering": ["-period", "id"], "managed": False},
        ),
    ]
