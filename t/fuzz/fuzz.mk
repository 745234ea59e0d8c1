# Fuzz targets: every t/fuzz/NAME.c but replay.c and timed.c is one, with its
# corpus in corpus/NAME and, if it has any, words in NAME.dict.
#
#     make fuzz-replay              the corpora, with any compiler
#     make fuzz-coverage            what they reach, against t/fuzz/floors
#     make fuzz TIME=60             libFuzzer, seconds for each target
#     make fuzz TARGETS="time doc"  some of them
#     make fuzz-afl TIME=60         AFL++
#
# New inputs go to build/fuzz/corpus; "make fuzz-merge" takes those into
# t/fuzz/corpus that reach what no other does.

FUZZ_DIR      = build/fuzz
FUZZ_NAMES    = $(filter-out replay timed, \
                    $(patsubst t/fuzz/%.c,%,$(wildcard t/fuzz/*.c)))
TARGETS      ?= $(FUZZ_NAMES)
FUZZ_TIME    ?= 30

# what a target by hand needs; "make NO_INSTALL=1" leaves the machine as it is
INSTALL       = $(if $(NO_INSTALL),: ,util/install-deps.sh)

FUZZ_CLANG   ?= $(firstword $(shell command -v clang clang-14 clang-16 \
                    clang-19 2> /dev/null) clang)
FUZZ_AFL     ?= afl-clang-fast
FUZZ_WARN     = -std=gnu11 -Wall -Wextra -Werror
FUZZ_INCS     = -I ngx_module/core -I t/fuzz -I t/unit/shim -I ngx_module \
                -idirafter $(NGINX_SOURCE)/src/core \
                -idirafter $(NGINX_SOURCE)/src
FUZZ_HEADERS  = $(wildcard ngx_module/core/*.h t/fuzz/*.h t/unit/shim/*.h \
                           ngx_module/ngx_http_auth_token_purge_order.[ch] \
                           ngx_module/ngx_http_auth_token_verify.[ch])
FUZZ_LIBS     = -ljansson -lcrypto
FUZZ_CORE     = $(wildcard ngx_module/core/*.c)
FUZZ_SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all


.PHONY: fuzz-replay
fuzz-replay: $(FUZZ_NAMES:%=$(FUZZ_DIR)/replay/%)	## replay the fuzz corpora
	@t/fuzz/run replay $(FUZZ_DIR)/replay $(FUZZ_NAMES)

.PHONY: fuzz-coverage
fuzz-coverage: $(FUZZ_NAMES:%=$(FUZZ_DIR)/coverage/%)	## floors for the corpora
	@t/fuzz/coverage $(FUZZ_DIR)/coverage $(FUZZ_NAMES)

.PHONY: fuzz
fuzz:			## fuzz each for TIME seconds
	@$(INSTALL) clang
	@$(MAKE) -s $(TARGETS:%=$(FUZZ_DIR)/libfuzzer/%)
	@TIME=$(or $(TIME),$(FUZZ_TIME)) t/fuzz/run fuzz $(FUZZ_DIR)/libfuzzer $(TARGETS)

.PHONY: fuzz-afl
fuzz-afl:		## the same with AFL++
	@$(INSTALL) afl
	@$(MAKE) -s $(TARGETS:%=$(FUZZ_DIR)/afl/%)
	@TIME=$(or $(TIME),$(FUZZ_TIME)) t/fuzz/run afl $(FUZZ_DIR)/afl $(TARGETS)

.PHONY: fuzz-merge
fuzz-merge: $(TARGETS:%=$(FUZZ_DIR)/libfuzzer/%)	## shrink the corpora anew
	@t/fuzz/run merge $(FUZZ_DIR)/libfuzzer $(TARGETS)


$(FUZZ_DIR)/replay/%: t/fuzz/%.c t/fuzz/replay.c t/fuzz/timed.c \
                      $(FUZZ_HEADERS) $(UNIT_ARCHIVE)
	@mkdir -p $(@D)
	$(CC) $(FUZZ_WARN) -O1 -g $(FUZZ_SANITIZE) $(FUZZ_INCS) -o $@ $< \
	    t/fuzz/replay.c t/fuzz/timed.c $(UNIT_ARCHIVE) $(FUZZ_LIBS)

# counted is the core, and what a target includes
$(FUZZ_DIR)/coverage/core/%.o: ngx_module/core/%.c $(FUZZ_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(FUZZ_WARN) -O0 --coverage $(FUZZ_INCS) -c -o $@ $<

$(FUZZ_DIR)/coverage/libcore.a: \
    $(FUZZ_CORE:ngx_module/core/%.c=$(FUZZ_DIR)/coverage/core/%.o)
	rm -f $@ && ar rcs $@ $^

$(FUZZ_DIR)/coverage/replay.o: t/fuzz/replay.c t/fuzz/timed.c $(FUZZ_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(FUZZ_WARN) -O1 $(FUZZ_INCS) -r -o $@ t/fuzz/replay.c t/fuzz/timed.c

$(FUZZ_DIR)/coverage/%: t/fuzz/%.c $(FUZZ_HEADERS) \
                        $(FUZZ_DIR)/coverage/replay.o \
                        $(FUZZ_DIR)/coverage/libcore.a
	@mkdir -p $(@D)
	$(CC) $(FUZZ_WARN) -O0 --coverage $(FUZZ_INCS) -c -o $@.o $<
	$(CC) --coverage -o $@ $@.o $(FUZZ_DIR)/coverage/replay.o \
	    $(FUZZ_DIR)/coverage/libcore.a $(FUZZ_LIBS)

$(FUZZ_DIR)/clang/%.o: ngx_module/core/%.c $(FUZZ_HEADERS)
	@mkdir -p $(@D)
	$(FUZZ_CLANG) $(FUZZ_WARN) -O1 -g -fsanitize=fuzzer-no-link \
	    $(FUZZ_SANITIZE) $(FUZZ_INCS) -c -o $@ $<

$(FUZZ_DIR)/clang/libcore.a: \
    $(FUZZ_CORE:ngx_module/core/%.c=$(FUZZ_DIR)/clang/%.o)
	rm -f $@ && ar rcs $@ $^

$(FUZZ_DIR)/libfuzzer/%: t/fuzz/%.c t/fuzz/timed.c $(FUZZ_HEADERS) \
                         $(FUZZ_DIR)/clang/libcore.a
	@mkdir -p $(@D)
	$(FUZZ_CLANG) $(FUZZ_WARN) -O1 -g -fsanitize=fuzzer $(FUZZ_SANITIZE) \
	    $(FUZZ_INCS) -o $@ $< t/fuzz/timed.c $(FUZZ_DIR)/clang/libcore.a \
	    $(FUZZ_LIBS)

$(FUZZ_DIR)/afl/%: t/fuzz/%.c t/fuzz/timed.c $(FUZZ_HEADERS) $(FUZZ_CORE)
	@mkdir -p $(@D)
	AFL_USE_ASAN=1 AFL_USE_UBSAN=1 $(FUZZ_AFL) $(FUZZ_WARN) -O1 -g \
	    -fsanitize=fuzzer $(FUZZ_INCS) -o $@ $< t/fuzz/timed.c $(FUZZ_CORE) \
	    $(FUZZ_LIBS)
