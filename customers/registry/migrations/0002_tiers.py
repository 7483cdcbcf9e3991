from django.db import migrations


def add(apps, schema_editor):
    tier = apps.get_model("customers_registry", "CustomerTier")
    tier.objects.bulk_create(
        [tier(code=code, name=f"{code} 级", order=order) for order, code in enumerate("ABC", start=1)]
    )


def remove(apps, schema_editor):
    apps.get_model("customers_registry", "CustomerTier").objects.filter(code__in="ABC").delete()


class Migration(migrations.Migration):

    dependencies = [
        ("customers_registry", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(add, remove),
    ]
