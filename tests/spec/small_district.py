"""The small district of the chapters on who sees whom. Today is Monday, 23 November 2026.

Two schools, Elm and Oak. A blank last day means that the relation is still open.
"""

from __future__ import annotations

from tests.oracle.csv_district import District, Row

TABLES = """
school
school_key | school_id | school_name       | school_level
elm        | 0011      | Elm Street School | Elementary
oak        | 0061      | Oak High School   | High

school_year
school_year | begin_date | end_date
2026        | 2025-07-01 | 2026-06-30
2027        | 2026-07-01 | 2027-06-30

course
course_key | course_code | course_title | academic_subject
math       | M100        | Mathematics  | Mathematics
art        | A100        | Art          | FineAndPerformingArts

section
section_key | section_id | course_key | school_key | school_year | begin_date | end_date
math-1      | M100-1     | math       | elm        | 2027        | 2026-08-27 | 2027-06-15
math-2      | M100-2     | math       | elm        | 2027        | 2026-08-27 | 2027-06-15
math-oak    | M100-O     | math       | oak        | 2027        | 2026-08-27 | 2027-06-15
art-oak     | A100-O     | art        | oak        | 2027        | 2026-08-27 | 2026-11-22
math-old    | M100-X     | math       | elm        | 2026        | 2025-08-27 | 2026-06-15

staff
staff_key | staff_id | first_name | last_name
hill      | T1       | Helen      | Hill
cody      | T2       | Colin      | Cody
reed      | T3       | Rosa       | Reed
ross      | T4       | Ruth       | Ross
park      | P1       | Paula      | Park
quin      | P2       | Quentin    | Quin
duke      | P3       | Doris      | Duke
cruz      | C1       | Carla      | Cruz
ward      | W1       | Will       | Ward
sped      | O1       | Omar       | Speed
supe      | S1       | Sonia      | Super

staff_assignment
staff_key | school_key | staff_classification | begin_date | end_date
hill      | elm        | Teacher              | 2020-08-20 |
cody      | elm        | Teacher              | 2020-08-20 |
reed      | elm        | Teacher              | 2020-08-20 |
ross      | oak        | Teacher              | 2020-08-20 |
park      | elm        | Principal            | 2019-07-01 |
quin      | oak        | Principal            | 2018-07-01 | 2026-10-31
duke      | elm        | AssistantPrincipal   | 2026-07-01 |
duke      | oak        | AssistantPrincipal   | 2026-07-01 |
cruz      | elm        | Counselor            | 2021-07-01 |
ward      | elm        | Psychologist         | 2020-08-20 |
sped      |            | DistrictAdministrator | 2021-07-01 |
supe      |            | Superintendent       | 2022-07-01 |

section_staff
section_key | staff_key | classroom_position | begin_date | end_date
math-1      | hill      | TeacherOfRecord    | 2026-08-27 |
math-1      | cody      | CoTeacher          | 2026-10-01 |
math-1      | reed      | TeacherOfRecord    | 2026-08-27 | 2026-11-22
math-2      | cruz      | TeacherOfRecord    | 2026-08-27 |
math-oak    | ross      | TeacherOfRecord    | 2026-08-27 |
art-oak     | ross      | TeacherOfRecord    | 2026-08-27 |
math-old    | ross      | TeacherOfRecord    | 2025-08-27 |

student
student_key | student_id | first_name | last_name | birth_date
ana         | 1001       | Ana        | Abbott    | 2016-03-01
ben         | 1002       | Ben        | Brown     | 2016-04-02
cam         | 1003       | Cam        | Clark     | 2011-05-03
dee         | 1004       | Dee        | Davis     | 2016-06-04
eli         | 1005       | Eli        | Evans     | 2010-07-05
fay         | 1006       | Fay        | Ford      | 2015-08-06
gus         | 1007       | Gus        | Green     | 2010-09-07
hal         | 1008       | Hal        | Hughes    | 2016-10-08
ivy         | 1009       | Ivy        | Irwin     | 2010-11-09

enrollment
student_key | school_key | school_year | grade_level | entry_date | exit_date  | is_primary
ana         | elm        | 2027        | 05          | 2026-08-27 |            | true
ben         | elm        | 2027        | 05          | 2026-08-27 |            | true
cam         | elm        | 2027        | 05          | 2026-08-27 | 2026-10-30 | true
cam         | oak        | 2027        | 09          | 2026-11-02 |            | true
dee         | elm        | 2027        | 05          | 2026-08-27 | 2026-11-22 | true
eli         | oak        | 2027        | 10          | 2026-08-27 |            | true
fay         | elm        | 2026        | 05          | 2025-08-27 |            | true
gus         | oak        | 2027        | 10          | 2026-08-27 |            | true
hal         | elm        | 2027        | 04          | 2026-08-27 |            | true
ivy         | oak        | 2027        | 10          | 2026-08-27 |            | true

section_enrollment
student_key | section_key | school_year | begin_date | end_date
ana         | math-1      | 2027        | 2026-08-27 |
ben         | math-1      | 2027        | 2026-08-27 |
ben         | math-2      | 2027        | 2026-08-27 |
cam         | math-1      | 2027        | 2026-08-27 | 2026-10-30
cam         | math-oak    | 2027        | 2026-11-02 |
dee         | math-1      | 2027        | 2026-08-27 | 2026-11-22
eli         | math-oak    | 2027        | 2026-08-27 |
gus         | art-oak     | 2027        | 2026-08-27 |
fay         | math-old    | 2026        | 2025-08-27 |

caseload
student_key | staff_key | begin_date | end_date
ana         | cruz      | 2026-08-27 |
eli         | cruz      | 2026-11-24 |
dee         | cruz      | 2026-08-27 | 2026-11-22

service_assignment
student_key | staff_key | service       | assignment_type | begin_date | end_date
hal         | ward      | Psychological | Service         | 2026-09-01 |
gus         | ward      | Psychological | Evaluation      | 2026-11-01 | 2026-11-23
ivy         | ward      | Psychological | Evaluation      | 2026-11-24 |

program_participation
student_key | program_type     | program_name      | begin_date | end_date
gus         | SpecialEducation | Special Education | 2024-09-01 | 2026-11-22
hal         | SpecialEducation | Special Education | 2025-09-01 |
ivy         | Section504       | Section 504       | 2026-01-15 |
ana         | EnglishLearner   | English learners  | 2025-09-01 |

attendance
student_key | school_key | school_year | attendance_date | attendance_event | fraction_absent
ana         | elm        | 2026        | 2026-02-10      | ExcusedAbsence   | 1
ana         | elm        | 2027        | 2026-10-05      | Tardy            | 0.1
cam         | elm        | 2027        | 2026-09-14      | UnexcusedAbsence | 1
eli         | oak        | 2027        | 2026-09-15      | ExcusedAbsence   | 1

grade
student_key | section_key | school_year | grading_period | grade_type     | numeric_grade
ana         | math-1      | 2027        | Quarter 1      | Grading Period | 91
ben         | math-1      | 2027        | Quarter 1      | Grading Period | 85.5
cam         | math-1      | 2027        | Quarter 1      | Grading Period | 77
"""


def read_tables(text: str) -> District:
    """Tables as people write them: a name, a line of columns, a line for each row."""
    return dict(_read_table(block) for block in text.strip().split("\n\n"))


def _read_table(block: str) -> tuple[str, list[Row]]:
    name, header, *lines = block.splitlines()
    columns = _cells(header)
    return name, [dict(zip(columns, _cells(line), strict=True)) for line in lines]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]


SMALL_DISTRICT = read_tables(TABLES)
