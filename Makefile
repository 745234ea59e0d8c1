# Targets for people who develop the module.  All of them are thin: the work
# is done by the scripts in util/, which do not need make.

MODULE = build/ngx_http_auth_token_module.so

.DEFAULT_GOAL := help

.PHONY: help
help:		## list the targets
	@cat $(MAKEFILE_LIST) \
	    | sed -n 's/^\([a-z][a-z0-9_-]*\):.*## *\(.*\)/\1\t\2/p' \
	    | sort -u | awk -F '\t' '{ printf "  %-16s %s\n", $$1, $$2 }'

.PHONY: build
build:		## build the module for the installed nginx
	util/build.sh

.PHONY: demo
demo:		## build, and start nginx with a demo authority on loopback
	util/demo.sh

.PHONY: test
test:		## run every stage of the tests; STAGES="..." for some
	util/test.sh $(STAGES)

.PHONY: flood
flood:		## a minute of random tokens against the cache
	AUTH_TOKEN_FLOOD=60 prove -v t/cache.t :: flood

.PHONY: long
long:		## the long forms: reloads, deaths, clients; minutes
	util/build.sh
	AUTH_TOKEN_RELOADS=100 prove -v t/reload.t :: under_load
	AUTH_TOKEN_KILLS=1000 prove -v t/survival.t :: killed
	AUTH_TOKEN_CROWD=10000 prove -v t/crowd.t
	AUTH_TOKEN_EVERY_BLOCK=1 $(MAKE) -s unit

.PHONY: soak
soak:		## an hour of churn, faults, purges and reloads
	util/build.sh
	AUTH_TOKEN_SOAK=$(or $(TIME),3600) prove -v t/soak.t

.PHONY: style
style:		## check the style and the layers of the code
	util/test.sh style

.PHONY: mutants
mutants:	## demand that the tests notice each of many mistakes
	util/mutants/run $(MUTANTS)

.PHONY: mutants-glue
mutants-glue:	## the same of the glue, by the tests in t/; minutes
	util/build.sh
	util/mutants/glue $(MUTANTS)

.PHONY: static
static:		## static analysis of the core and of the glue
	@$(INSTALL) tools
	util/build.sh
	util/static $(TOOLS)

.PHONY: sanitize
sanitize:		## all tests in t/ with an nginx made with ASan and UBSan
	util/sanitize/run $(FILES)

.PHONY: valgrind
valgrind:	## the tests in t/ with nginx under valgrind; hours
	util/valgrind $(FILES)

.PHONY: bytewise
bytewise:	## the tests in t/ with an nginx that reads and writes bytes
	util/build.sh
	util/bytewise $(FILES)

.PHONY: leak
leak:		## memory and descriptors of a worker over many requests
	util/build.sh
	AUTH_TOKEN_LEAK=$(or $(REQUESTS),10000) prove -v t/leak.t

.PHONY: torture
torture:		## let each allocation and system call of a look-up fail
	t/torture/run $(SCENARIOS)

.PHONY: coverage
coverage: unit-coverage	## the same, and what the tests in t/ reach, with a gate
	@$(INSTALL) tools
	util/coverage

# what depends on the machine's nginx, libraries and compiler
MATRIX = style unit differential replay count e2e hup

.PHONY: matrix
matrix:		## run the tests in fresh roots of three Debian releases
	@$(INSTALL) root
	util/matrix.sh $(or $(STAGES),$(MATRIX))

.PHONY: clean
clean:		## remove what was built; build/roots stays
	find build -mindepth 1 -maxdepth 1 ! -name roots \
	    -exec rm -rf {} + 2> /dev/null || true

-include t/unit/unit.mk
-include t/fuzz/fuzz.mk
-include bench/bench.mk
-include bench/contention.mk
