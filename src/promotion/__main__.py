"""`python -m promotion`: the same as the command `promotion`."""

from promotion.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
