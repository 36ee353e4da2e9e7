-- The tables of a ledger from before it had steps, as they were made then.
CREATE TABLE person ( username TEXT NOT NULL, staff_key BIGINT, password_hash TEXT, added_at TEXT NOT NULL, PRIMARY
KEY (username) );
CREATE TABLE audit_event ( sequence INTEGER NOT NULL, at TEXT NOT NULL, event TEXT NOT NULL, actor TEXT NOT NULL,
detail TEXT NOT NULL, previous TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (sequence), UNIQUE (digest) );
CREATE TABLE disclosure_set ( digest TEXT NOT NULL, student_keys BLOB NOT NULL, PRIMARY KEY (digest) );
CREATE TABLE code_key ( grant_name TEXT NOT NULL, secret BLOB NOT NULL, PRIMARY KEY (grant_name) );
CREATE TABLE statistic_release ( audience TEXT NOT NULL, number INTEGER NOT NULL, answer TEXT NOT NULL, label TEXT
NOT NULL, statements BLOB NOT NULL, PRIMARY KEY (audience, number) );
CREATE TABLE access_level ( level_id INTEGER NOT NULL, username TEXT NOT NULL, capacity TEXT NOT NULL, begin_date
DATE NOT NULL, end_date DATE, granted_by TEXT NOT NULL, granted_at TEXT NOT NULL, revoked_at TEXT, PRIMARY KEY
(level_id), FOREIGN KEY(username) REFERENCES person (username) );
CREATE TABLE study_grant ( name TEXT NOT NULL, username TEXT NOT NULL, terms TEXT NOT NULL, begin_date DATE NOT NULL,
end_date DATE NOT NULL, granted_by TEXT NOT NULL, granted_at TEXT NOT NULL, revoked_at TEXT, PRIMARY KEY (name),
FOREIGN KEY(username) REFERENCES person (username) );
CREATE INDEX ix_access_level_username ON access_level (username);
CREATE INDEX ix_study_grant_username ON study_grant (username);
CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event BEGIN SELECT RAISE(ABORT, 'audit_event is
append-only'); END;
CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event BEGIN SELECT RAISE(ABORT, 'audit_event is
append-only'); END;
CREATE TRIGGER disclosure_set_no_update BEFORE UPDATE ON disclosure_set BEGIN SELECT RAISE(ABORT, 'disclosure_set is
append-only'); END;
CREATE TRIGGER disclosure_set_no_delete BEFORE DELETE ON disclosure_set BEGIN SELECT RAISE(ABORT, 'disclosure_set is
append-only'); END;
CREATE TRIGGER statistic_release_no_update BEFORE UPDATE ON statistic_release BEGIN SELECT RAISE(ABORT,
'statistic_release is append-only'); END;
CREATE TRIGGER statistic_release_no_delete BEFORE DELETE ON statistic_release BEGIN SELECT RAISE(ABORT,
'statistic_release is append-only'); END;
