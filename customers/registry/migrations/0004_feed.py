from django.db import migrations

from cmsys.feed.tables import UNIT, FeedTable, Hop, Name
from cmsys.feed.triggers import trigger_operations

CUSTOMERS = FeedTable(
    "customers", "customers_registry_customer", "'customers:read'", key="customer_no",
    names=(
        Name("unit_id", "org_orgunit"),
        Name("tier_id", "customers_registry_customertier"),
        Name("owner_id", "managers_profiles_relationshipmanager", ("employee_no", "name")),
    ),
)  # fmt: skip
ASSIGNMENTS = FeedTable(
    "assignments", "customers_registry_assignment", "'customers:read'",
    hops=(Hop("customer_id", "customers_registry_customer"), UNIT),
    names=(
        Name("customer_id", "customers_registry_customer", ("customer_no", "name", "kind")),
        Name("manager_id", "managers_profiles_relationshipmanager", ("employee_no", "name")),
    ),
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("customers_registry", "0003_derived_names"),
        ("managers_profiles", "0003_feed"),
        ("org", "0002_deputyship"),
        ("feed", "0001_changes"),
    ]

    operations = [*trigger_operations(CUSTOMERS), *trigger_operations(ASSIGNMENTS)]
