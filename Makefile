# A thin face on start.py, which does the work and runs where there is no make.
# Another Python: make test PYTHON=python3.12     More arguments: make demo args="--help"
PYTHON ?= python3
START = $(PYTHON) start.py

.DEFAULT_GOAL := help
.PHONY: help demo test check docs lab bench oracles lock setup clean

help:
	@$(START)

test:
	@$(START) test $(if $(k),"k=$(k)") $(args)

demo check docs lab bench oracles lock setup clean:
	@$(START) $@ $(args)
