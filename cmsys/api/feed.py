"""What the kernel itself has in the change feed; what stands in the database is made by migrations (docs/adr/0132)."""

from cmsys.feed.tables import FeedTable, Name

ORG_UNITS = FeedTable(
    "org-units", "org_orgunit", "'org:read'", key="code", hops=(),
    names=(Name("parent_id", "org_orgunit"), Name("head_id", "accounts_user", ("employee_no", "name"))),
)  # fmt: skip
