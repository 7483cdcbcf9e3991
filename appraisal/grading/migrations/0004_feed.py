from django.db import migrations

from cmsys.feed.tables import FeedTable, Name
from cmsys.feed.triggers import trigger_operations

GRADES = FeedTable(
    "grades", "appraisal_grading_gradedecision",
    "CASE WHEN row.status IN ('published', 'effective', 'superseded', 'withdrawn') THEN 'grades:read'"
    " ELSE 'grades:read_unpublished' END",
    names=(
        Name("manager_id", "managers_profiles_relationshipmanager", ("employee_no", "name")),
        Name("unit_id", "org_orgunit"),
        Name("grade_id", "managers_careers_grade"),
        Name("previous_grade_id", "managers_careers_grade"),
    ),
    columns=(
        "manager_id", "unit_id", "cycle_id", "sheet_id", "basis", "ability", "performance", "total", "quadrant", "kind", "state",
        "grade_id", "previous_grade_id", "effective_from", "effective_to", "updated_at",
    ),
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("appraisal_grading", "0002_unit_follows_person"),
        ("appraisal_grading", "0003_ground"),
        ("managers_careers", "0001_initial"),
        ("managers_profiles", "0003_feed"),
        ("org", "0002_deputyship"),
        ("feed", "0001_changes"),
    ]

    operations = [*trigger_operations(GRADES)]
