"""The rows that a dry run would leave behind, as a workbook to be mended and loaded again."""

from __future__ import annotations

import json

from trama.intake.registers.desk import Desk
from trama.intake.registers.leftovers import left_of, reasons, workbook


def workbook_of(desk: Desk) -> bytes:
    """The rows refused, possibly here already, told twice, or loaded without a cell; of the last dry run."""
    told = ((one["row"], reasons(one)) for one in map(json.loads, desk.rows()) if one["to_mend"])
    return workbook([left_of(desk.table(), told)])
