"""What of this room is in the change feed; what stands in the database is made by migrations (docs/adr/0132)."""

from cmsys.feed.tables import UNIT, FeedTable, Hop, Name

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
