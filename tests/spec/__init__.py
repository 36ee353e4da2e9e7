"""The specification: chapters that an administrator can read, each of them run as tests."""
