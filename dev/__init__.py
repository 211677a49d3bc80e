"""What `make` uses: get Odoo, a virtualenv, a private PostgreSQL; run and test.

Standard library only, so that it works before anything is installed.
"""
