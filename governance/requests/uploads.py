"""Documents that somebody hands in: what they are is told by their content, not by their name or label."""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass, field

LARGEST = 10 * 1024 * 1024
PDF_ENDS_WITHIN = 2_048


class MediaType(enum.StrEnum):
    """What is taken. Letters, which the system writes itself, are HTML besides."""

    PDF = "application/pdf"
    PNG = "image/png"
    JPEG = "image/jpeg"
    PLAIN_TEXT = "text/plain"


@dataclass(frozen=True)
class Upload:
    """A file as it was handed in, with the media type that whoever sent it says it has."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


class Mislabelled(ValueError):
    """The document is not taken; the message says why, and what to do."""


def media_type_of(upload: Upload, taken: Collection[MediaType] = tuple(MediaType)) -> MediaType:
    """What the document is, by its content and by its label; `Mislabelled` where that is not taken."""
    if not upload.content:
        raise Mislabelled("The document is empty. Choose the file again.")
    if len(upload.content) > LARGEST:
        raise Mislabelled("The document is larger than 10 MB. Hand in a smaller copy.")
    found = _by_content(upload.content)
    if found is None:
        raise Mislabelled("The document is no PDF, PNG, JPEG or plain text. Hand it in as a PDF.")
    if upload.media_type.split(";")[0].strip().lower() != found:
        raise Mislabelled("The document is not what its label says. Save it anew as a PDF, and hand that in.")
    if found not in taken:
        raise Mislabelled("The document is not of a kind that is taken here. Hand it in as a PDF.")
    return found


def _by_content(content: bytes) -> MediaType | None:
    if content.startswith(b"%PDF-") and b"%%EOF" in content[-PDF_ENDS_WITHIN:]:
        return MediaType.PDF
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
        return MediaType.PNG
    if content.startswith(b"\xff\xd8\xff") and content.rstrip(b"\x00").endswith(b"\xff\xd9"):
        return MediaType.JPEG
    return MediaType.PLAIN_TEXT if _is_plain(content) else None


def _is_plain(content: bytes) -> bool:
    """Text in UTF-8 without control characters, and no markup that a browser could take for a page."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    begins_as_markup = text.lstrip("\ufeff \t\r\n").startswith(("<", "%PDF"))
    return not begins_as_markup and all(char >= " " or char in "\n\r\t\f" for char in text)
