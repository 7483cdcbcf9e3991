"""The abilities of the two-dimension appraisal (001) and the results that can be trained for, with the codes that the shipped
schemes measure them by."""

from django.db import migrations

COMPETENCIES = (
    ("COMMUNICATION", "沟通协调", ["COMMUNICATION", "COMM"]),
    ("RELATIONSHIP", "客户关系管理", ["RELATIONSHIP"]),
    ("MARKET", "市场开拓", ["MARKET", "NEW_CUSTOMERS"]),
    ("KNOWLEDGE", "业务知识与技能", ["KNOWLEDGE"]),
    ("ADAPTABILITY", "应变", ["ADAPTABILITY"]),
    ("TEAMWORK", "团队协作", ["TEAMWORK", "TEAM"]),
    ("SELLING", "销售与成交", ["SALES", "DEALS", "WIN_RATE", "GROWTH"]),
    ("SERVICE", "客户服务", ["SATISFACTION", "COMPLAINT"]),
)


def bring(apps, schema_editor):
    model = apps.get_model("training_courses", "Competency")
    for code, name, indicators in COMPETENCIES:
        model.objects.get_or_create(code=code, defaults={"name": name, "indicators": indicators})


def take(apps, schema_editor):
    model = apps.get_model("training_courses", "Competency")
    model.objects.filter(code__in=[code for code, _name, _codes in COMPETENCIES], courses__isnull=True).delete()


class Migration(migrations.Migration):
    dependencies = [("training_courses", "0001_initial")]
    operations = [migrations.RunPython(bring, take)]
