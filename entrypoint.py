"""What the image and `action.yml` start."""

from promotion.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
