"""Odoo as a script, which a server with workers starts once more for live chat."""

from odoo.cli.command import main

if __name__ == "__main__":
    main()
