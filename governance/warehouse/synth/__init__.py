"""The synthetic district: a believable Connecticut district, written as source files that are loaded like any other."""

from governance.warehouse.synth.district import write_district
from governance.warehouse.synth.school_days import demo_today

__all__ = ["demo_today", "write_district"]
