"""The Hub's configuration, as a table of contents. `dbims up` starts the Hub with it; see `launch`."""

from __future__ import annotations

import os
from pathlib import Path

from governance.vocabulary import USERNAME_PATTERN
from hub_config import authentication, pages, services
from hub_config.launch import Handover
from hub_config.people import People
from hub_config.settings import read_settings, socket_url
from hub_config.socket_proxy import SocketProxy
from hub_config.spawner import SandboxSpawner
from hub_config.tether import tethered

c = get_config()  # noqa: F821  (given by JupyterHub)

handover = Handover.read(os.environ)
settings = read_settings(handover.state, handover.run)
people = People.open(settings)

# Where things are: the Hub on a socket, the proxy in front of it, each person's sessions on an origin of their own.
c.JupyterHub.bind_url = settings.run.public_url
c.JupyterHub.subdomain_host = settings.run.public_url
c.JupyterHub.hub_bind_url = settings.run.hub_url
c.JupyterHub.hub_connect_url = settings.run.hub_url
c.JupyterHub.db_url = f"sqlite:///{settings.hub_folder / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(settings.hub_folder / "cookie_secret")

# The proxy.
c.JupyterHub.proxy_class = SocketProxy
c.Proxy.extra_routes = services.proxy_routes(settings)
c.ConfigurableHTTPProxy.command = tethered(list(handover.proxy_command))
c.ConfigurableHTTPProxy.api_url = socket_url(settings.run.proxy_socket)
c.ConfigurableHTTPProxy.pid_file = str(settings.run.folder / "proxy.pid")

# Who may log in.
c.JupyterHub.authenticator_class = authentication.authenticator_class(settings, people)
c.Authenticator.allow_all = True  # the ledger decides, see PeopleOnly
c.Authenticator.admin_users = set()
c.Authenticator.username_pattern = USERNAME_PATTERN
c.Authenticator.refresh_pre_spawn = True
c[authentication.base_class(settings.authentication.kind).__name__].update(settings.authentication.options)

# What a session is: a sandbox, named after a capacity.
SandboxSpawner.settings, SandboxSpawner.people, SandboxSpawner.bwrap = settings, people, Path(handover.bwrap)
c.JupyterHub.spawner_class = SandboxSpawner
c.JupyterHub.allow_named_servers = True
c.JupyterHub.cleanup_servers = True
c.Spawner.env_keep = []
c.Spawner.disable_user_config = True
c.Spawner.default_url = "/lab"
c.LocalProcessSpawner.interrupt_timeout = 3

# What runs beside it.
c.JupyterHub.services = services.services(settings, Path(handover.bwrap))
c.JupyterHub.load_roles = services.roles()

# What people see.
c.JupyterHub.template_paths = [str(pages.TEMPLATES)]
c.JupyterHub.template_vars = pages.template_variables(people) | {"console": settings.run.console_url}
c.JupyterHub.default_url = pages.first_page(people)
c.JupyterHub.logo_file = str(pages.LOGO)
