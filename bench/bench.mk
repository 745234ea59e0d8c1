# Measurements: beside the alternatives (timings, for people), and instruction
# counts (for CI).

BENCH_OUT ?= bench/results

.PHONY: bench
bench:		## this module beside its alternatives: table and plot, 15 min
	util/install-deps.sh bench
	util/build.sh
	bench/run --out $(BENCH_OUT) $(SCENARIOS)

.PHONY: bench-quick
bench-quick:	## the same in two minutes, for orientation, into build/bench
	util/install-deps.sh bench
	util/build.sh
	bench/run --quick --out build/bench $(SCENARIOS)
