"""THE PAGES FOR PEOPLE: a service of the Hub, in a process of its own. Server-rendered; no page needs a script."""
