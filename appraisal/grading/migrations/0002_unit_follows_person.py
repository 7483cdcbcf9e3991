from django.db import migrations

# docs/adr/0130 point 7. Whoever writes a person's unit, his decisions follow; and one that is made while he is being moved
# is put where he goes: his row is held until the decision is in.
FOLLOW = """
    CREATE FUNCTION grading_decisions_follow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = public, pg_temp AS $follow$
    BEGIN
        -- EXECUTE: planned for the number of rows at hand (cmsys.feed.triggers).
        EXECUTE $sql$
            UPDATE appraisal_grading_gradedecision d SET unit_id = n.unit_id, updated_at = clock_timestamp()
            FROM old_rows o JOIN new_rows n ON n.id = o.id
            WHERE d.manager_id = n.id AND n.unit_id <> o.unit_id AND d.unit_id <> n.unit_id
        $sql$;
        RETURN NULL;
    END $follow$;
    CREATE TRIGGER grading_decisions_follow AFTER UPDATE ON managers_profiles_relationshipmanager
        REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION grading_decisions_follow();

    CREATE FUNCTION grading_decisions_placed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = public, pg_temp AS $follow$
    BEGIN
        EXECUTE $sql$
            SELECT FROM managers_profiles_relationshipmanager held
            WHERE held.id IN (SELECT manager_id FROM new_rows) ORDER BY held.id FOR SHARE
        $sql$;
        EXECUTE $sql$
            UPDATE appraisal_grading_gradedecision d SET unit_id = m.unit_id, updated_at = clock_timestamp()
            FROM new_rows n JOIN managers_profiles_relationshipmanager m ON m.id = n.manager_id
            WHERE d.id = n.id AND m.unit_id <> n.unit_id
        $sql$;
        RETURN NULL;
    END $follow$;
    CREATE TRIGGER zz_grading_decisions_placed AFTER INSERT ON appraisal_grading_gradedecision
        REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION grading_decisions_placed();
"""
BACK = """
    DROP TRIGGER zz_grading_decisions_placed ON appraisal_grading_gradedecision;
    DROP FUNCTION grading_decisions_placed();
    DROP TRIGGER grading_decisions_follow ON managers_profiles_relationshipmanager;
    DROP FUNCTION grading_decisions_follow();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("appraisal_grading", "0001_initial"),
        ("managers_profiles", "0002_grade_by_appraisal"),
    ]

    operations = [migrations.RunSQL(FOLLOW, BACK)]
