"""org-units: exact rows, filters, scope."""

from __future__ import annotations


