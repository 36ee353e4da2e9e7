"""The steps from each version of the tables to the next, for Alembic: see `governance.ledger.migrating`.

A step that was released is never edited: the next change is the next step.
"""
