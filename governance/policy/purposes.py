"""What the system is used for: the purposes that a session can be started for, and the usual one of each capacity."""

from __future__ import annotations

from governance.vocabulary import Capacity, Purpose

PURPOSES: dict[Purpose, str] = {
    Purpose.INSTRUCTION: "Teaching, and planning what to teach",
    Purpose.STUDENT_SUPPORT: "Guidance, services and help for students",
    Purpose.SCHOOL_IMPROVEMENT: "Finding out what works in a school or the district, and improving it",
    Purpose.PROGRAM_EVALUATION: "Whether a program, a course or material does what it is meant to do",
    Purpose.COMPLIANCE_REPORTING: "Reports that a law, the state or the Board asks for",
    Purpose.RESEARCH: "A study that was approved",
}
"""Each with what it means. Evaluating personnel is not among them."""

NOT_A_PURPOSE = (
    "Evaluating personnel is not a purpose of this system: what it tells of students is never the sole or primary "
    "portion of anybody's evaluation."
)

USUAL: dict[Capacity, Purpose] = {
    Capacity.TEACHER: Purpose.INSTRUCTION,
    Capacity.COUNSELOR: Purpose.STUDENT_SUPPORT,
    Capacity.SUPPORT_SERVICES: Purpose.STUDENT_SUPPORT,
    Capacity.PRINCIPAL: Purpose.SCHOOL_IMPROVEMENT,
    Capacity.PERSONNEL_OFFICE: Purpose.SCHOOL_IMPROVEMENT,
    Capacity.BUDGET_OFFICE: Purpose.PROGRAM_EVALUATION,
    Capacity.CURRICULUM_OFFICE: Purpose.PROGRAM_EVALUATION,
    Capacity.SPECIAL_EDUCATION_OFFICE: Purpose.STUDENT_SUPPORT,
    Capacity.SUPERINTENDENT: Purpose.SCHOOL_IMPROVEMENT,
    Capacity.EXECUTIVE_SECRETARY: Purpose.SCHOOL_IMPROVEMENT,
    Capacity.STUDY: Purpose.RESEARCH,
}
"""Chosen beforehand on the page where a session is started; whoever starts it confirms it, or chooses another."""
