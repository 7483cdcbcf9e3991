from django.db import migrations

from cmsys.feed.tables import UNIT, FeedTable, Hop, Name
from cmsys.feed.triggers import trigger_operations

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


class Migration(migrations.Migration):
    dependencies = [
        ("managers_profiles", "0002_grade_by_appraisal"),
        ("managers_careers", "0001_initial"),
        ("org", "0002_deputyship"),
        ("feed", "0001_changes"),
    ]

    operations = [*trigger_operations(MANAGERS), *trigger_operations(CERTIFICATES)]
