"""Functions of imports (reliability-security 2.1, "Import by template"); each kind has its own besides, in its room."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

# CMD and DA bring in customers; TRN joins with the first kind that is its own, so that nobody has an empty page.
IMPORT_USE = declare(
    "transfers.import.use", "使用批量导入", everywhere=(Role.HRH, Role.CMD, Role.DA), subtree=(Role.HRB,)
)
UNITS_IMPORT = declare("org.unit.import", "导入机构", everywhere=(Role.HRH,))
