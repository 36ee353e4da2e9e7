"""Starts the server of a session, inside its sandbox."""

import sys

# jsonschema imports this package when it is there, only to check internationalized addresses in the schemas of events;
# building its grammar takes longer than anything else at the start. Without it jsonschema leaves that check out.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

from jupyterhub.singleuser import main  # noqa: E402

main()
