"""A form, read from a request: texts as they were typed, files as far as they are not too large."""

from __future__ import annotations

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from governance.console.asked import Posted
from governance.requests import Upload
from governance.requests.uploads import LARGEST

PAGE = "page"
PASSWORD = "password"  # noqa: S105 - the name of a field
MOST_FIELDS, MOST_FILES = 300, 8
LONGEST_FIELD = 4 * 1024 * 1024


async def read_posted(request: Request) -> tuple[Posted, str]:
    """The form without its password, which nothing else may get to see, and the password."""
    async with request.form(max_fields=MOST_FIELDS, max_files=MOST_FILES, max_part_size=LONGEST_FIELD) as form:
        fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        uploads = await _uploads(form)
    page, password = fields.pop(PAGE, ""), fields.pop(PASSWORD, "")
    return Posted(fields, uploads, page), password


async def _uploads(form: FormData) -> dict[str, Upload]:
    """What was chosen; browsers send an empty file where none was."""
    found = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile) and (value.filename or value.size):
            # One byte more than is taken, so that what is too large is told of as that.
            content = await value.read(LARGEST + 1)
            found[name] = Upload(value.filename or "", value.content_type or "", content)
    return found
