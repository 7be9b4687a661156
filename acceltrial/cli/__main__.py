"""`python -m acceltrial.cli`, the same as the command `acceltrial`."""

from acceltrial.cli import main

main()
