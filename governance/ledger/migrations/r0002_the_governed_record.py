"""The governed record: relations, locks and regulations; requests, documents and consents; oversight; letters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from governance.ledger.append_only import keep_append_only
from governance.ledger.disclosures import fill_disclosure_index

revision = "0002"
down_revision = "0001"

APPEND_ONLY = (
    *("document", "request", "request_step", "consent", "consent_withdrawal"),
    *("disclosure_index", "use_mark", "use_digest"),
    *("review_plan", "data_review", "review_sign_off"),
    "outbox",
)


def upgrade() -> None:
    op.add_column("access_level", sa.Column("relation", sa.Text, nullable=True))
    _create_authority()
    _create_requests()
    _create_consents()
    _create_oversight()
    _create_reviews()
    _create_letters()
    for table in APPEND_ONLY:
        keep_append_only(op.get_bind(), table)
    fill_disclosure_index(op.get_bind())


def _create_authority() -> None:
    op.create_table(
        "person_lock",
        sa.Column("lock_id", sa.Integer, primary_key=True),
        sa.Column("username", sa.Text, sa.ForeignKey("person.username"), nullable=False, index=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("locked_by", sa.Text, nullable=False),
        sa.Column("locked_at", sa.Text, nullable=False),
        sa.Column("unlocked_at", sa.Text, nullable=True),
    )
    op.create_table(
        "regulation",
        sa.Column("regulation_id", sa.Integer, primary_key=True),
        sa.Column("capacity", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("begin_date", sa.Date, nullable=False),
        sa.Column("end_date", sa.Date, nullable=True),
        sa.Column("signed_by", sa.Text, nullable=False),
        sa.Column("signed_at", sa.Text, nullable=False),
        sa.Column("ended_at", sa.Text, nullable=True),
    )


def _create_requests() -> None:
    op.create_table(
        "document",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("kept_by", sa.Text, nullable=False),
        sa.Column("kept_at", sa.Text, nullable=False),
    )
    op.create_table(
        "request",
        sa.Column("request_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("applicant", sa.Text, sa.ForeignKey("person.username"), nullable=False, index=True),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.Column("opened_at", sa.Text, nullable=False),
        sa.Column("opened_on", sa.Date, nullable=False),
        sa.Column("page", sa.Text, nullable=True, unique=True),
    )
    op.create_table(
        "request_step",
        sa.Column("request_id", sa.Integer, sa.ForeignKey("request.request_id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("act", "before", "after", "actor", "at")),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("documents", sa.Text, nullable=False),
        sa.Column("letter", sa.Text, nullable=True),
        sa.Column("grant_name", sa.Text, nullable=True),
        sa.Column("page", sa.Text, nullable=True, unique=True),
    )


def _create_consents() -> None:
    op.create_table(
        "consent",
        sa.Column("consent_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("request_id", sa.Integer, sa.ForeignKey("request.request_id"), nullable=False, index=True),
        sa.Column("student_key", sa.BigInteger, nullable=False, index=True),
        sa.Column("given_by", sa.Text, nullable=False),
        sa.Column("as_whom", sa.Text, nullable=False),
        sa.Column("signed_on", sa.Date, nullable=False),
        sa.Column("until_date", sa.Date, nullable=True),
        sa.Column("tables", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("document", sa.Text, sa.ForeignKey("document.digest"), nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.Text, nullable=False),
    )
    op.create_table(
        "consent_withdrawal",
        sa.Column("consent_id", sa.Integer, sa.ForeignKey("consent.consent_id"), primary_key=True),
        sa.Column("withdrawn_by", sa.Text, nullable=False),
        sa.Column("withdrawn_on", sa.Date, nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.Text, nullable=False),
    )


def _create_oversight() -> None:
    op.create_index("ix_audit_event_at", "audit_event", ["at", "sequence"])
    op.create_index("ix_audit_event_actor", "audit_event", ["actor", "at", "sequence"])
    op.create_table(
        "disclosure_index",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.Text, sa.ForeignKey("disclosure_set.digest"), nullable=False, index=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("event", "at", "username", "session")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("purpose", "form", "tables")),
    )
    op.create_table(
        "use_mark",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("about", sa.Text, nullable=False, index=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("username", "marking", "note")),
        sa.Column("marked_by", sa.Text, nullable=False),
        sa.Column("marked_at", sa.Text, nullable=False),
    )
    op.create_table(
        "use_digest",
        sa.Column("week", sa.Text, primary_key=True),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("made_at", sa.Text, nullable=False),
    )


def _create_reviews() -> None:
    op.create_table(
        "review_plan",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("category", sa.Text, nullable=False, index=True),
        sa.Column("every_months", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("fresh_days", sa.Integer, nullable=True),
        sa.Column("set_by", sa.Text, nullable=False),
        sa.Column("set_at", sa.Text, nullable=False),
    )
    op.create_table(
        "data_review",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("category", sa.Text, nullable=False, index=True),
        sa.Column("opened_on", sa.Date, nullable=False),
    )
    op.create_table(
        "review_sign_off",
        sa.Column("number", sa.Integer, sa.ForeignKey("data_review.number"), primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("conclusion", "findings", "signed_by")),
        sa.Column("signed_on", sa.Date, nullable=False),
        sa.Column("signed_at", sa.Text, nullable=False),
    )


def _create_letters() -> None:
    op.create_table(
        "outbox",
        sa.Column("letter_id", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("recipient", "subject", "text", "queued_at")),
    )
    op.create_table(
        "outbox_delivery",
        sa.Column("letter_id", sa.Integer, sa.ForeignKey("outbox.letter_id"), primary_key=True),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("ended", sa.Text, nullable=True),
        sa.Column("due_at", sa.Text, nullable=False, index=True),
    )
