"""People, access levels, study grants, and the audit log: the ledger as it was before it had steps.

A ledger from before has most of these tables, or all of them: what is there stays as it is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from governance.ledger.append_only import keep_append_only

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "person",
        sa.Column("username", sa.Text, primary_key=True),
        sa.Column("staff_key", sa.BigInteger, nullable=True),
        sa.Column("password_hash", sa.Text, nullable=True),
        sa.Column("added_at", sa.Text, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "access_level",
        sa.Column("level_id", sa.Integer, primary_key=True),
        sa.Column("username", sa.Text, sa.ForeignKey("person.username"), nullable=False),
        sa.Column("capacity", sa.Text, nullable=False),
        sa.Column("begin_date", sa.Date, nullable=False),
        sa.Column("end_date", sa.Date, nullable=True),
        sa.Column("granted_by", sa.Text, nullable=False),
        sa.Column("granted_at", sa.Text, nullable=False),
        sa.Column("revoked_at", sa.Text, nullable=True),
        if_not_exists=True,
    )
    op.create_table(
        "audit_event",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False, unique=True),
        if_not_exists=True,
    )
    op.create_table(
        "disclosure_set",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("student_keys", sa.LargeBinary, nullable=False),
        if_not_exists=True,
    )
    _create_what_studies_need()
    for table in ("access_level", "study_grant"):
        op.create_index(f"ix_{table}_username", table, ["username"], if_not_exists=True)
    for table in ("audit_event", "disclosure_set", "statistic_release"):
        keep_append_only(op.get_bind(), table)


def _create_what_studies_need() -> None:
    op.create_table(
        "study_grant",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("username", sa.Text, sa.ForeignKey("person.username"), nullable=False),
        sa.Column("terms", sa.Text, nullable=False),
        sa.Column("begin_date", sa.Date, nullable=False),
        sa.Column("end_date", sa.Date, nullable=False),
        sa.Column("granted_by", sa.Text, nullable=False),
        sa.Column("granted_at", sa.Text, nullable=False),
        sa.Column("revoked_at", sa.Text, nullable=True),
        if_not_exists=True,
    )
    op.create_table(
        "code_key",
        sa.Column("grant_name", sa.Text, primary_key=True),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "statistic_release",
        sa.Column("audience", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("statements", sa.LargeBinary, nullable=False),
        if_not_exists=True,
    )
