"""`python -m governance` is the `dbims` command."""

from governance.cli import main

if __name__ == "__main__":
    main()
