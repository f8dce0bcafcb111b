"""``python -m robustrad``: the command line."""

from robustrad.cli import main

if __name__ == "__main__":
    main()
