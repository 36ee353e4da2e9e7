"""An attack on protected statistics, written apart from the product.

Nothing in this folder but `product.py` imports the product. The attacker holds what an audience was shown and works
out what was meant to stay hidden; `program.py` does the arithmetic, `attacker.py` says what is known and what counts as
a find, `districts.py` makes districts to be attacked, `edsight.py` audits what Connecticut has published.
"""
