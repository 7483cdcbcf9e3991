"""What of this room is in the change feed; what stands in the database is made by migrations (docs/adr/0132)."""

from cmsys.feed.tables import FeedTable, Name

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
