"""Functions of the change feed. Which rows it shows, the read scopes of the resources themselves say."""

from cmsys.access.functions import declare

CHANGES_READ = declare("feed.changes.read", "读取变更流", scope="changes:read")
