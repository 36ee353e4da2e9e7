"""The tables of the ledger, and the triggers that make the audit log append-only in the store itself."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

person = sa.Table(
    "person",
    metadata,
    sa.Column("username", sa.Text, primary_key=True),
    sa.Column("staff_key", sa.BigInteger, nullable=True),
    sa.Column("password_hash", sa.Text, nullable=True),
    sa.Column("added_at", sa.Text, nullable=False),
)

access_level = sa.Table(
    "access_level",
    metadata,
    sa.Column("level_id", sa.Integer, primary_key=True),
    sa.Column("username", sa.ForeignKey("person.username"), nullable=False, index=True),
    sa.Column("capacity", sa.Text, nullable=False),
    sa.Column("begin_date", sa.Date, nullable=False),
    sa.Column("end_date", sa.Date, nullable=True),
    sa.Column("granted_by", sa.Text, nullable=False),
    sa.Column("granted_at", sa.Text, nullable=False),
    sa.Column("revoked_at", sa.Text, nullable=True),
)

audit_event = sa.Table(
    "audit_event",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
)

disclosure_set = sa.Table(
    "disclosure_set",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("student_keys", sa.LargeBinary, nullable=False),
)

# What studies were granted. `terms`: the grant's tables, columns, k and the rest, as JSON.
study_grant = sa.Table(
    "study_grant",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("username", sa.ForeignKey("person.username"), nullable=False, index=True),
    sa.Column("terms", sa.Text, nullable=False),
    sa.Column("begin_date", sa.Date, nullable=False),
    sa.Column("end_date", sa.Date, nullable=False),
    sa.Column("granted_by", sa.Text, nullable=False),
    sa.Column("granted_at", sa.Text, nullable=False),
    sa.Column("revoked_at", sa.Text, nullable=True),
)

# The keys that students' codes are made with, one for each grant and office.
code_key = sa.Table(
    "code_key",
    metadata,
    sa.Column("grant_name", sa.Text, primary_key=True),
    sa.Column("secret", sa.LargeBinary, nullable=False),
)

# What was told to an audience, as sets of opaque keys: weighed against every later answer to it.
statistic_release = sa.Table(
    "statistic_release",
    metadata,
    sa.Column("audience", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("statements", sa.LargeBinary, nullable=False),
)

for _table in ("audit_event", "disclosure_set", "statistic_release"):
    for _act in ("UPDATE", "DELETE"):
        sa.event.listen(
            metadata,
            "after_create",
            sa.DDL(  # type: ignore[no-untyped-call]
                f"CREATE TRIGGER IF NOT EXISTS {_table}_no_{_act.lower()} BEFORE {_act} ON {_table} "
                f"BEGIN SELECT RAISE(ABORT, '{_table} is append-only'); END"
            ),
        )
