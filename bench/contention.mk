# How workers get into each other's way in the shared zone: see contention.c.
# With NGINX_SOURCE=`util/nginx-source.sh` the mutex is nginx's own.

CONTENTION_TIME ?= 1

CONTENTION_DEFS  = -D NGINX_SHIM_MUTEX='"contention_mutex.h"' \
                   $(if $(ZONE_SRC),-D NGINX_SHIM_REAL)

.PHONY: contention
contention: build/bench/contention	## measure the lock of the shared zone
	build/bench/contention $(CONTENTION_TIME)

build/bench/contention: bench/contention.c bench/contention_mutex.h \
    $(ZONE_HEADERS) $(UNIT_CORE)
	@mkdir -p $(@D)
	$(UNIT_CC) $(UNIT_WARN) -O2 -g -I bench $(CONTENTION_DEFS) $(ZONE_INCS) \
	    -o $@ $< $(UNIT_CORE) -ljansson -lsodium
