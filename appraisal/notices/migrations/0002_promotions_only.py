"""The database itself refuses to put anything but a promotion on a notice."""

from __future__ import annotations

from django.db import migrations

FORWARD = """
CREATE FUNCTION notices_promotions_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT kind FROM appraisal_grading_gradedecision WHERE id = NEW.decision_id) IS DISTINCT FROM 'promotion' THEN
        RAISE EXCEPTION 'only promotions are put on a notice (decision %)', NEW.decision_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'notices_promotions_only';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER notices_promotions_only BEFORE INSERT OR UPDATE OF decision_id ON appraisal_notices_noticeline
    FOR EACH ROW EXECUTE FUNCTION notices_promotions_only();
"""
BACKWARD = """
DROP TRIGGER notices_promotions_only ON appraisal_notices_noticeline;
DROP FUNCTION notices_promotions_only();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("appraisal_notices", "0001_initial"),
        ("appraisal_grading", "0001_initial"),
    ]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
