"""Most tests here import Great Expectations into their own process, as the separate process of a check does."""

from __future__ import annotations

import atexit

from expectations.separate import end_quietly

atexit.register(end_quietly)
