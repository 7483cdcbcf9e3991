from django.db import migrations, models

from cmsys.feed.tables import FeedTable, Name
from cmsys.feed.triggers import trigger_operations

# A position in the feed is good for the rights it was given for. Neither a service nor an import can forget this.
RIGHTS_CHANGED = """
    CREATE FUNCTION api_client_rights_changed() RETURNS trigger LANGUAGE plpgsql AS $feed$
    BEGIN
        NEW.feed_from := audit_next_id();
        RETURN NEW;
    END $feed$;
    CREATE TRIGGER api_client_rights_changed BEFORE UPDATE ON api_client FOR EACH ROW
        WHEN (OLD.allowed_scopes IS DISTINCT FROM NEW.allowed_scopes OR OLD.unit_id IS DISTINCT FROM NEW.unit_id)
        EXECUTE FUNCTION api_client_rights_changed();

    CREATE FUNCTION api_client_unit_moved() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = public, pg_temp AS $feed$
    BEGIN
        UPDATE api_client c SET feed_from = audit_next_id() FROM old_rows o JOIN new_rows n ON n.id = o.id
        WHERE c.unit_id = n.id AND o.path IS DISTINCT FROM n.path;
        RETURN NULL;
    END $feed$;
    CREATE TRIGGER zz_api_client_unit_moved AFTER UPDATE ON org_orgunit
        REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION api_client_unit_moved();
"""
BACK = """
    DROP TRIGGER zz_api_client_unit_moved ON org_orgunit;
    DROP FUNCTION api_client_unit_moved();
    DROP TRIGGER api_client_rights_changed ON api_client;
    DROP FUNCTION api_client_rights_changed();
"""
ORG_UNITS = FeedTable(
    "org-units", "org_orgunit", "'org:read'", key="code", hops=(),
    names=(Name("parent_id", "org_orgunit"), Name("head_id", "accounts_user", ("employee_no", "name"))),
)  # fmt: skip


class Migration(migrations.Migration):

    dependencies = [
        ('api', '0002_idempotency_and_approval'),
        ('accounts', '0001_initial'),
        ('audit', '0002_settled'),
        ('feed', '0001_changes'),
    ]

    operations = [
        migrations.AddField(
            model_name='client',
            name='feed_from',
            field=models.BigIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.RunSQL(RIGHTS_CHANGED, BACK),
        *trigger_operations(ORG_UNITS),
    ]
