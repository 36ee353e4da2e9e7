"""The Hub's configuration: who may log in, what a session is, what runs beside it."""
