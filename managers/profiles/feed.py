"""What of this room is in the change feed; what stands in the database is made by migrations (docs/adr/0132)."""

from cmsys.feed.tables import UNIT, FeedTable, Hop, Name

MANAGERS = FeedTable(
    "managers", "managers_profiles_relationshipmanager", "'managers:read'", key="employee_no",
    names=(
        Name("unit_id", "org_orgunit"),
        Name("post_id", "managers_careers_post"),
        Name("line_id", "org_businessline"),
        Name("category_id", "managers_profiles_managercategory"),
        Name("grade_id", "managers_careers_grade"),
    ),
)  # fmt: skip
CERTIFICATES = FeedTable(
    "certificates", "managers_profiles_certificate", "'managers:read'",
    hops=(Hop("manager_id", "managers_profiles_relationshipmanager"), UNIT),
    names=(Name("manager_id", "managers_profiles_relationshipmanager", ("employee_no", "name")),),
)  # fmt: skip
