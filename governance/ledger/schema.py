"""The tables of the ledger, and which of them are append-only in the store itself.

Every change here is a step in `migrations`, too: a test compares.
"""

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
    # To whom it relates, as JSON; blank in levels from before they named it.
    sa.Column("relation", sa.Text, nullable=True),
)

# A lock holds while it was not lifted.
person_lock = sa.Table(
    "person_lock",
    metadata,
    sa.Column("lock_id", sa.Integer, primary_key=True),
    sa.Column("username", sa.ForeignKey("person.username"), nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("locked_by", sa.Text, nullable=False),
    sa.Column("locked_at", sa.Text, nullable=False),
    sa.Column("unlocked_at", sa.Text, nullable=True),
)

# Categories that a capacity is not given for a while.
regulation = sa.Table(
    "regulation",
    metadata,
    sa.Column("regulation_id", sa.Integer, primary_key=True),
    sa.Column("capacity", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("begin_date", sa.Date, nullable=False),
    sa.Column("end_date", sa.Date, nullable=True),
    sa.Column("signed_by", sa.Text, nullable=False),
    sa.Column("signed_at", sa.Text, nullable=False),
    sa.Column("ended_at", sa.Text, nullable=True),
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
    # Use is read by time, and by person.
    sa.Index("ix_audit_event_at", "at", "sequence"),
    sa.Index("ix_audit_event_actor", "actor", "at", "sequence"),
)

disclosure_set = sa.Table(
    "disclosure_set",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("student_keys", sa.LargeBinary, nullable=False),
)

# Which events were about which set of students, and what a disclosure record tells of them: what the events say, ready
# to be looked up. `tables`: as JSON.
disclosure_index = sa.Table(
    "disclosure_index",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.ForeignKey("disclosure_set.digest"), nullable=False, index=True),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("session", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("form", sa.Text, nullable=False),
    sa.Column("tables", sa.Text, nullable=False),
)

# What whoever watches over the use said of a finding, or of an answer.
use_mark = sa.Table(
    "use_mark",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("about", sa.Text, nullable=False, index=True),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("marking", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("marked_by", sa.Text, nullable=False),
    sa.Column("marked_at", sa.Text, nullable=False),
)

# One text for each week.
use_digest = sa.Table(
    "use_digest",
    metadata,
    sa.Column("week", sa.Text, primary_key=True),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("made_at", sa.Text, nullable=False),
)

# How often a category of data is reviewed, and by whom; of a category, the newest holds.
review_plan = sa.Table(
    "review_plan",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("category", sa.Text, nullable=False, index=True),
    sa.Column("every_months", sa.Integer, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("fresh_days", sa.Integer, nullable=True),
    sa.Column("set_by", sa.Text, nullable=False),
    sa.Column("set_at", sa.Text, nullable=False),
)

# Reviews of a category, one after the other.
data_review = sa.Table(
    "data_review",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("category", sa.Text, nullable=False, index=True),
    sa.Column("opened_on", sa.Date, nullable=False),
)

review_sign_off = sa.Table(
    "review_sign_off",
    metadata,
    sa.Column("number", sa.ForeignKey("data_review.number"), primary_key=True, autoincrement=False),
    sa.Column("conclusion", sa.Text, nullable=False),
    sa.Column("findings", sa.Text, nullable=False),
    sa.Column("signed_by", sa.Text, nullable=False),
    sa.Column("signed_on", sa.Date, nullable=False),
    sa.Column("signed_at", sa.Text, nullable=False),
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

# Documents, by the hash of their content.
document = sa.Table(
    "document",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("kept_by", sa.Text, nullable=False),
    sa.Column("kept_at", sa.Text, nullable=False),
)

# Requests to the Superintendent's office. Where one stands is what its newest step says.
request = sa.Table(
    "request",
    metadata,
    sa.Column("request_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("applicant", sa.ForeignKey("person.username"), nullable=False, index=True),
    sa.Column("opened_by", sa.Text, nullable=False),
    sa.Column("opened_at", sa.Text, nullable=False),
    sa.Column("opened_on", sa.Date, nullable=False),
    # Of the page that it was sent with: sent twice, it makes one request.
    sa.Column("page", sa.Text, nullable=True, unique=True),
)

# `fields`, `documents`: what changed with the step, as JSON.
request_step = sa.Table(
    "request_step",
    metadata,
    sa.Column("request_id", sa.ForeignKey("request.request_id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("before", sa.Text, nullable=False),
    sa.Column("after", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("fields", sa.Text, nullable=False),
    sa.Column("documents", sa.Text, nullable=False),
    sa.Column("letter", sa.Text, nullable=True),
    sa.Column("grant_name", sa.Text, nullable=True),
    sa.Column("page", sa.Text, nullable=True, unique=True),
)

# Consents of parents and eligible students to one request. `tables`: the records that each names, as JSON.
consent = sa.Table(
    "consent",
    metadata,
    sa.Column("consent_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("request_id", sa.ForeignKey("request.request_id"), nullable=False, index=True),
    sa.Column("student_key", sa.BigInteger, nullable=False, index=True),
    sa.Column("given_by", sa.Text, nullable=False),
    sa.Column("as_whom", sa.Text, nullable=False),
    sa.Column("signed_on", sa.Date, nullable=False),
    sa.Column("until_date", sa.Date, nullable=True),
    sa.Column("tables", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("document", sa.ForeignKey("document.digest"), nullable=False),
    sa.Column("recorded_by", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.Text, nullable=False),
)

consent_withdrawal = sa.Table(
    "consent_withdrawal",
    metadata,
    sa.Column("consent_id", sa.ForeignKey("consent.consent_id"), primary_key=True),
    sa.Column("withdrawn_by", sa.Text, nullable=False),
    sa.Column("withdrawn_on", sa.Date, nullable=False),
    sa.Column("recorded_by", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.Text, nullable=False),
)

# Letters to be sent by e-mail, and how far each has come.
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("letter_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("queued_at", sa.Text, nullable=False),
)

# `tries`: those that failed; `ended`: how it ended; `due_at`: when the next try is, if it has not.
outbox_delivery = sa.Table(
    "outbox_delivery",
    metadata,
    sa.Column("letter_id", sa.ForeignKey("outbox.letter_id"), primary_key=True),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("ended", sa.Text, nullable=True),
    sa.Column("due_at", sa.Text, nullable=False, index=True),
)

APPEND_ONLY = (
    *("audit_event", "disclosure_set", "statistic_release"),
    *("document", "request", "request_step", "consent", "consent_withdrawal"),
    *("disclosure_index", "use_mark", "use_digest"),
    *("review_plan", "data_review", "review_sign_off"),
    "outbox",
)
