# Unit tests of the shared zone, and of what else lies between the core and
# nginx: the sources under test are built against stand-ins for nginx's headers
# (t/unit/shim), with nginx's own slab allocator and mutex where NGINX_SOURCE
# is a whole source tree and not the headers of nginx-dev alone.

NGINX_SOURCE ?= /usr/share/nginx/src

ZONE_SRC     = $(wildcard $(NGINX_SOURCE)/src/core/ngx_slab.c)
ZONE_INCS    = -I t/unit/shim -I t/unit/zone -I ngx_module $(UNIT_INCS) \
               -idirafter $(NGINX_SOURCE)/src/core \
               -idirafter $(NGINX_SOURCE)/src
ZONE_DEFS    = -D NGX_HTTP_AUTH_TOKEN_TEST_HOOKS=1 \
               $(if $(ZONE_SRC),-D NGINX_SHIM_REAL)

ZONE_LIBS    = -ljansson -lsodium -lcrypto

ZONE_NAMES   = $(patsubst t/unit/zone/%.c,%,$(wildcard t/unit/zone/*.c))
ZONE_HEADERS = $(wildcard t/unit/shim/*.h t/unit/zone/*.h \
                          ngx_module/*.h ngx_module/*.c)

UNIT_TESTS    += $(ZONE_NAMES:%=$(UNIT_DIR)/zone/%)


$(UNIT_DIR)/zone/%: t/unit/zone/%.c $(ZONE_HEADERS) $(UNIT_ARCHIVE)
	@mkdir -p $(@D)
	$(UNIT_CC) $(UNIT_WARN) $(UNIT_CFLAGS) $(UNIT_SANITIZE) $(ZONE_DEFS) \
	    $(ZONE_INCS) -o $@ $< $(UNIT_ARCHIVE) $(ZONE_LIBS)

# this one is told of each block of code that it comes to
$(UNIT_DIR)/zone/death: UNIT_SANITIZE += -fsanitize-coverage=trace-pc

# without those that kill processes: the dead count nothing
ZONE_COVERAGE = $(patsubst %,$(UNIT_DIR)/zone-coverage/%, \
                    $(filter-out death stress,$(ZONE_NAMES)))

# what these tests may miss, "FILE:LINES/BRANCHES", of sources that others
# reach (t/*.t, t/torture) or that need what cannot be had here; of all others,
# those of the cache, nothing
ZONE_MISSED  = ngx_http_auth_token_arena.c:1/1 \
               ngx_http_auth_token_crash.c:2/5 \
               ngx_http_auth_token_index.c:0/1 \
               ngx_http_auth_token_purge.c:8/7 \
               ngx_http_auth_token_purge_order.c:0/3 \
               ngx_http_auth_token_verify.c:7/21 \
               ngx_http_auth_token_zone.c:8/7

# a signal that root may not send; a look beyond the end that nothing leads to
ZONE_MISSED += ngx_http_auth_token_mark.c:0/1 ngx_http_auth_token_entry.c:0/1

ZONE_COVERED = $(addsuffix .c,$(addprefix ngx_http_auth_token_, \
                   cache flight negative limit copy blob))

.PHONY: zone-coverage
zone-coverage: $(ZONE_COVERAGE)	## fail unless the cache's branches are taken
	find $(UNIT_DIR)/zone-coverage -name '*.gcda' -delete
	prove --exec '' $(ZONE_COVERAGE)
	gcovr --root . --object-directory $(UNIT_DIR)/zone-coverage \
	    --filter 'ngx_module/ngx_http' --csv $(UNIT_DIR)/zone-coverage.csv \
	    $(UNIT_DIR)/zone-coverage
	awk -F , -v want="$(ZONE_COVERED) $(ZONE_MISSED)" \
	    -f t/unit/coverage.awk $(UNIT_DIR)/zone-coverage.csv

$(UNIT_DIR)/zone-coverage/%: t/unit/zone/%.c $(ZONE_HEADERS) $(UNIT_ARCHIVE)
	@mkdir -p $(@D)
	$(UNIT_CC) $(UNIT_WARN) -O0 -g --coverage $(ZONE_DEFS) $(ZONE_INCS) \
	    -c -o $@.o $<
	$(UNIT_CC) --coverage -fsanitize=address,undefined -o $@ $@.o \
	    $(UNIT_ARCHIVE) $(ZONE_LIBS)
