"""What an external request has to say, and what has to be on file: its forms."""

from __future__ import annotations

from governance.requests.applications import TITLE
from governance.requests.forms import Field, FieldKind, Form, in_order, not_past
from governance.requests.granting import (
    BEGIN,
    COLUMNS,
    CONDITIONS,
    EMAIL,
    END,
    FORM,
    POPULATION,
    REASON,
    TERMS,
    YEARS,
    columns_in_form,
    diversity_with_sensitive,
    not_too_long,
    short_name,
)

STUDY, AUDIT = "study for the district (99.31(a)(6))", "audit or evaluation (99.35)"

RESEARCHER = Field("researcher", "Researcher", "Who is responsible for the study.", FieldKind.LINE)
INSTITUTION = Field("institution", "Institution", "For whom the study is made.", FieldKind.LINE)
BASIS = Field("basis", "Basis", "Under which exception data may be given.", FieldKind.CHOICE, choices=(STUDY, AUDIT))
STATEMENTS = (
    Field("purpose", "Purpose of the study", "What it is to find out, and for what.", least=20),
    Field("methods", "Research methods", "How, with which instruments and analyses.", least=20),
    Field("consequences", "Consequences of the study", "For students, staff and the district.", least=20),
    Field("competence", "Competence of the researcher", "Training and work that show it.", least=20),
    Field(
        "consent_provision",
        "Provision for voluntary informed consent",
        "How those whom the study concerns are told of it, and can say no without any disadvantage.",
        least=20,
    ),
)
"""What the policy demands in writing."""

REQUEST = Form(
    (TITLE, RESEARCHER, INSTITUTION, BASIS, *STATEMENTS, COLUMNS, POPULATION, YEARS, FORM, BEGIN, END, EMAIL),
    (
        columns_in_form("columns", "form"),
        in_order("begin", "end", "The last day comes on or after the first. Choose a later day."),
        not_past("end", "The last day is over already. Choose one that is still to come."),
        not_too_long("begin", "end"),
    ),
)
RECOMMENDATION = Form(
    (
        Field("recommendation", "Recommendation", "It binds nobody.", FieldKind.CHOICE, choices=("accept", "deny")),
        Field("recommended_because", "Because", "What speaks for it, and what against."),
    )
)
ACCEPTANCE = Form((Field("accepted_because", "Reasons", "Why an agreement is to be made.", least=3), CONDITIONS))

AGREEMENT = Form(
    (
        Field("agreement", "The signed agreement", "As PDF, at most 10 MB.", FieldKind.DOCUMENT),
        Field("signed_on", "Signed on", "By both sides.", FieldKind.DATE, not_future=True),
        Field("scope", "Purpose and scope", "What the agreement covers.", least=10),
        Field("agreed_until", "Duration", "Its last day.", FieldKind.DATE),
        Field("disclosed", "Information disclosed", "Which information the agreement names.", least=10),
        Field("use_limited", "Used only for it", "The agreement says so.", FieldKind.CONFIRMATION),
        Field(
            "no_identification",
            "No identification",
            "The agreement forbids that parents or students are identified by anybody but the study's own people.",
            FieldKind.CONFIRMATION,
        ),
        Field("destruction_how", "Destruction", "How everything is destroyed at the end.", least=3),
        Field("destruction_by", "Destroyed by", "The last day on which it may still be there.", FieldKind.DATE),
        Field(
            "representative",
            "Authorized representative",
            "For audit and evaluation: whom the agreement designates (99.35(a)(3)(i)).",
            FieldKind.LINE,
            required=False,
        ),
    ),
    (
        in_order("signed_on", "agreed_until", "An agreement lasts at least until the day it is signed."),
        in_order(
            "agreed_until", "destruction_by", "What was given is destroyed at the end of the agreement, or after."
        ),
    ),
)
CONSENT = Form(
    (
        Field("notice", "The notification", "What parents and eligible students are sent. As PDF.", FieldKind.DOCUMENT),
        Field("consent_form", "The consent form", "What they sign (99.30(b)). As PDF.", FieldKind.DOCUMENT),
        Field("parents_notified_on", "Notified on", "When it was sent.", FieldKind.DATE, not_future=True),
    )
)
APPROVAL = Form((*TERMS, REASON), (short_name, diversity_with_sensitive))
DESTRUCTION = Form(
    (
        Field("certificate", "The certificate", "Signed, as PDF.", FieldKind.DOCUMENT),
        Field("destroyed_on", "Destroyed on", "When it was done.", FieldKind.DATE, not_future=True),
        Field("certified_by", "Certified by", "Who signed it.", FieldKind.LINE),
    )
)
