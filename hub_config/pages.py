"""What people see of the Hub: where they land after logging in, and what the templates may show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyterhub.utils import url_path_join

from governance.policy import CAPACITIES
from governance.vocabulary import Capacity
from hub_config.people import Button, People

TEMPLATES = Path(__file__).parent / "templates"
LOGO = TEMPLATES / "logo.svg"
PRODUCT = "DBIMS"


def first_page(people: People) -> Callable[[Any], str]:
    """Straight into the session of those who may have one only; the others choose."""

    def choose(handler: Any) -> str:
        user, base = handler.current_user, handler.hub.base_url
        if user is None:
            # Not to a page that would ask for a login and then come back to itself.
            return url_path_join(base, "login")
        possible = people.buttons(user.name)
        if len(possible) == 1:
            return url_path_join(base, "spawn", user.escaped_name, possible[0].server)
        return url_path_join(base, "home")

    return choose


def template_variables(people: People) -> dict[str, Any]:
    """What templates may show. The Hub calls a function among them with the user of the page."""

    def buttons(user: Any) -> list[Button]:
        return people.buttons(user.name) if user else []

    def titles(user: Any) -> dict[str, str]:
        """What sessions are called, by their names; of studies, the person's own."""
        of_capacities = {capacity.server: CAPACITIES[capacity].title for capacity in Capacity}
        return of_capacities | {button.server: button.title for button in buttons(user)}

    return {"product": PRODUCT, "buttons": buttons, "titles": titles}
