"""HOW IS IT USED? Use, unusual use, the disclosure record of one student, and data reviews. Pure."""

from __future__ import annotations
