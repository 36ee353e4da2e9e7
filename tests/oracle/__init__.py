"""A second, slow and obvious answer to "who may see which rows?", to hold the product against.

Nothing in this folder imports the product or its engines: it reads source files with the standard library
and applies the Board's rules with loops over dictionaries. It is meant to be read, not to be fast.
"""
