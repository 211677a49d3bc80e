# Two commands matter: `make run` and `make test`. See README.md.
#
#   ODOO=<path>    use an Odoo 19 of your own instead of Debian's
#   PORT=<number>  serve on another port than 8069
#   ADDON=<name>   test one addon only
#   K=<words>      test only what matches (pytest -k)
#   JOBS=<number>  test in so many processes at once (1 to see all as it happens)
#   COVERAGE=1     test, and show which lines no test runs
#   N=<number>     benchmark with that many fault reports
#   LOAD=<minutes> chaos and nodes: load instead of faults
#   GUARDS=1       chaos: without each guard, a fault has to find it
#   PEERS=1        benchmark beside other addons

PYTHON ?= python3
export ODOO PORT ADDON K JOBS COVERAGE N LOAD GUARDS PEERS

.DEFAULT_GOAL := help
.PHONY: help run test bench chaos nodes journeys lint stop clean shell psql update lock terms wheels

help: ## Tell what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

run: ## Odoo 19 with demo data on http://127.0.0.1:8069
	@$(PYTHON) -m dev run

test: ## All tests (ADDON=… K=… for a part)
	@$(PYTHON) -m dev test

bench: ## Benchmarks, with N=… fault reports
	@$(PYTHON) -m dev bench

chaos: ## Faults while people work, in a laboratory (K=… for some)
	@$(PYTHON) -m dev chaos

nodes: ## Two nodes behind a proxy, and a replica, in a laboratory
	@$(PYTHON) -m dev nodes

journeys: ## How far the data travels through the files of the addons
	@$(PYTHON) -m dev journeys

lint: ## Formatters and linters on all files
	@$(PYTHON) -m dev lint

stop: ## Stop Odoo and PostgreSQL
	@$(PYTHON) -m dev stop

clean: ## Remove this clone's databases and files (what is downloaded stays)
	@$(PYTHON) -m dev clean

shell: ## Odoo's Python shell on the demo database
	@$(PYTHON) -m dev shell

psql: ## SQL on the demo database
	@$(PYTHON) -m dev psql

update: ## Take the newest Odoo 19, update the addons in the demo database
	@$(PYTHON) -m dev update

lock: ## Write dev/requirements.txt anew from dev/requirements.in
	@$(PYTHON) -m dev lock

terms: ## Write the texts of the addons into i18n/, for translators
	@$(PYTHON) -m dev terms

wheels: ## A wheel of each addon, in dist/
	@$(PYTHON) -m dev wheels
