# Measurements: beside the alternatives (timings, for people), and instruction
# counts (for CI).

BENCH_OUT ?= bench/results

.PHONY: bench
bench:		## this module beside its alternatives: table and plot, 25 min
	util/install-deps.sh bench
	util/build.sh
	bench/run --readme --out $(BENCH_OUT) $(SCENARIOS)

.PHONY: count
count:		## instructions of a hit and of a miss, against what is recorded
	util/build.sh
	bench/count

.PHONY: count-record
count-record:	## record them anew, after a change that is meant
	util/build.sh
	bench/count --record

.PHONY: bench-quick
bench-quick:	## the same in five minutes, for orientation, into build/bench
	util/install-deps.sh bench
	util/build.sh
	bench/run --quick --out build/bench $(SCENARIOS)
