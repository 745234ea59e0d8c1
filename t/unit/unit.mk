# Unit tests of ngx_module/core: every t/unit/NAME.c is a TAP program of its
# own.  It includes the source that it tests; what else it needs of the core
# comes from an archive, so nothing has to be listed here.  LIBS_NAME holds
# libraries that one test needs.

UNIT_DIR      = build/unit
UNIT_CC      ?= $(CC)
UNIT_CFLAGS  ?= -O1 -g
UNIT_WARN     = -std=gnu11 -Wall -Wextra -Werror
UNIT_SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all
UNIT_INCS     = -I ngx_module/core -I t/unit

UNIT_CORE     = $(wildcard ngx_module/core/*.c)
UNIT_HEADERS  = $(wildcard ngx_module/core/*.h t/unit/*.h)
UNIT_NAMES    = $(patsubst t/unit/%.c,%,$(wildcard t/unit/*.c))
UNIT_TESTS    = $(UNIT_NAMES:%=$(UNIT_DIR)/test/%)
UNIT_ARCHIVE  = $(UNIT_DIR)/libcore.a
UNIT_OBJS     = $(UNIT_CORE:ngx_module/core/%.c=$(UNIT_DIR)/core/%.o)

# each source of the core: its unit tests take all of its branches
UNIT_COVERED  = $(notdir $(UNIT_CORE))

# tests whose sources parse JSON
UNIT_JSON     = json answer answer_signed cloudflare condition fixtures grant introspection \
                issuer jwks jws mapping mapping_memory mapping_time pointer \
                preset signed

$(foreach name,$(UNIT_JSON),$(eval LIBS_$(name) = -ljansson))

UNIT_COVERAGE = $(UNIT_NAMES:%=$(UNIT_DIR)/coverage/%)

# inputs and seed of the differential tests
COUNT        ?= 100000
SEED         ?=

UNIT_DIFFS    = $(patsubst t/unit/differential/%.py,%, \
                    $(wildcard t/unit/differential/*_diff.py))

include t/unit/zone/zone.mk


.PHONY: unit
unit: $(UNIT_TESTS)	## run the unit tests under the sanitizers
	@test -n "$(UNIT_TESTS)" || { echo "no unit tests found"; exit 1; }
	UBSAN_OPTIONS=print_stacktrace=1 prove --exec '' $(UNIT_TESTS)

.PHONY: unit-coverage
unit-coverage: $(UNIT_COVERAGE)	## fail unless every branch is taken
	find $(UNIT_DIR)/coverage -name '*.gcda' -delete
	prove --exec '' $(UNIT_COVERAGE)
	gcovr --root . --object-directory $(UNIT_DIR)/coverage \
	    --filter 'ngx_module/core/' --csv $(UNIT_DIR)/coverage.csv \
	    $(UNIT_DIR)/coverage
	awk -F , -v want="$(UNIT_COVERED)" -f t/unit/coverage.awk \
	    $(UNIT_DIR)/coverage.csv

.PHONY: differential
differential: $(UNIT_DIFFS:%=$(UNIT_DIR)/%)	## compare parsers with Python's
	@test -n "$(UNIT_DIFFS)" || { echo "no comparisons found"; exit 1; }
	set -e; for name in $(UNIT_DIFFS); do \
	    COUNT="$(COUNT)" SEED="$(SEED)" \
	        python3 t/unit/differential/$$name.py $(UNIT_DIR)/$$name; \
	done


$(UNIT_DIR)/core/%.o: ngx_module/core/%.c $(UNIT_HEADERS)
	@mkdir -p $(@D)
	$(UNIT_CC) $(UNIT_WARN) $(UNIT_CFLAGS) $(UNIT_SANITIZE) $(UNIT_INCS) \
	    -c -o $@ $<

$(UNIT_ARCHIVE): $(UNIT_OBJS)
	rm -f $@ && ar rcs $@ $^

$(UNIT_DIR)/test/%: t/unit/%.c $(UNIT_CORE) $(UNIT_HEADERS) $(UNIT_ARCHIVE)
	@mkdir -p $(@D)
	$(UNIT_CC) $(UNIT_WARN) $(UNIT_CFLAGS) $(UNIT_SANITIZE) $(UNIT_INCS) \
	    -o $@ $< $(UNIT_ARCHIVE) $(LIBS_$*)

# the archive stays uncounted: only the source that a test includes is its own
$(UNIT_DIR)/coverage/%: t/unit/%.c $(UNIT_CORE) $(UNIT_HEADERS) $(UNIT_ARCHIVE)
	@mkdir -p $(@D)
	$(UNIT_CC) $(UNIT_WARN) -O0 -g --coverage $(UNIT_INCS) -c -o $@.o $<
	$(UNIT_CC) --coverage -fsanitize=address,undefined -o $@ $@.o \
	    $(UNIT_ARCHIVE) $(LIBS_$*)

$(UNIT_DIR)/%_diff: t/unit/differential/%_diff.c $(UNIT_CORE) $(UNIT_HEADERS)
	@mkdir -p $(@D)
	$(UNIT_CC) $(UNIT_WARN) -O2 -g $(UNIT_SANITIZE) $(UNIT_INCS) -o $@ $<
