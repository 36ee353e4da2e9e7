"""Why a question is not answered: the closed list of reasons."""

from __future__ import annotations

import enum


class Refusal(enum.Enum):
    """Why a question is not answered: what, under which rule, and what to do next."""

    UNKNOWN_PERSON = (
        "You are not registered as a user of the data system.",
        "Access levels are established by the Superintendent for each individual.",
        "Ask the Superintendent's office for an access level.",
    )
    LOCKED = (
        "Your account is locked.",
        "The operator may lock an account, where something is wrong with it; what you hold stays as it is.",
        "Ask the operator why, and when it will be unlocked.",
    )
    NO_LONGER_EMPLOYED = (
        "By the district's records you are not employed by it today.",
        "Leaving employment ends every access.",
        "If the records are wrong, have them corrected by the personnel office, and loaded.",
    )
    EMPLOYMENT_NOT_TOLD = (
        "The district's records, as they are loaded now, do not tell whether you are employed today.",
        "Leaving employment ends every access, so that it must be known that somebody has not left.",
        "Ask the operator to load records of employment, or of positions, of the staff.",
    )
    UNKNOWN_CAPACITY = (
        "This session acts in no capacity that the policy knows.",
        "A session acts in exactly one capacity.",
        "Start a session for one of your capacities from the Hub's home page.",
    )
    LEVEL_NOT_HELD = (
        "You do not currently hold the access level that this session acts in.",
        "Access holds from its first day through its last, and ends at once when it is revoked.",
        "Ask the Superintendent's office, or start a session in a capacity that you hold.",
    )
    NO_STAFF_RECORD = (
        "Your account is not tied to a staff record, so that no student can be yours.",
        "Scopes follow from the staff record: classes, caseload, services, buildings.",
        "Ask the operator to tie your account to your staff record.",
    )
    NO_DATA_IN_THIS_CAPACITY = (
        "This capacity is given no data.",
        "Reviewers see submitted outputs only; operators see no data.",
        "Use a session in another capacity, if you hold one.",
    )
    NO_GRANT = (
        "This session belongs to no study that is granted to you today.",
        "A study has what its grant names, from the grant's first day through its last.",
        "Ask the Superintendent's office about the grant; a session of a study is started under the grant's name.",
    )
    NO_SNAPSHOT_GRANTED = (
        "The grant of this study does not say on which snapshot of the data it was given.",
        "A study is answered from one snapshot, the one that it was granted on.",
        "Ask the Superintendent's office for a new grant: grants now name their snapshot.",
    )
    SNAPSHOT_GONE = (
        "The snapshot that this study was granted on is not in the warehouse.",
        "A study is answered from one snapshot, the one that it was granted on.",
        "Ask the operator to restore it from a backup, or the Superintendent's office for a new grant.",
    )
    NO_EXACT_STATISTICS = (
        "This capacity is given protected statistics only.",
        "Exact statistics are for those who may see the same rows by name.",
        "Leave out protected=False.",
    )
    COLUMN_NOT_GRANTED = (
        "A column that is asked for, or that leads to one, is not part of the grant.",
        "A study has what its grant names.",
        "describe() lists the columns granted.",
    )
    UNKNOWN_TABLE = (
        "There is no table of that name among those you may ask for.",
        "What does not exist and what is not yours look the same.",
        "tables() lists what you may ask for.",
    )

    def __init__(self, message: str, rule: str, next_step: str) -> None:
        self.message = message
        self.rule = rule
        self.next_step = next_step
