/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Helpers of the tests of a worker's own copies: a token that it knows, whether
 * it answers without the zone, and what another process does meanwhile.
 */


#ifndef _COPY_H_INCLUDED_
#define _COPY_H_INCLUDED_


#include <sys/wait.h>

#include "cloudflare.h"


static zone_t  *zone;


/* the zone of a test of copies; it ends in time if something hangs */

static inline void
copy_start(void)
{
    alarm(120);

    ngx_ncpu = 2;
    ngx_http_auth_token_crash_in = -1;

    zone = zone_new(2 << 20);
}


/* whether a query is answered while somebody else has the lock */

static inline int
copied(zone_key_t key, int nsteps)
{
    int           found;
    zone_query_t  q;

    q = zone_question(zone, key, nsteps);

    /* what would ask the zone hangs, and alarm() ends it */

    zone->shpool->lock.lock = 1;

    found = (ngx_http_auth_token_copy_find(&q) == NGX_OK);

    if (found) {
        q.key = key;
        found = (ngx_http_auth_token_cache_query(&q) == NGX_OK
                 && q.state == ZONE_HIT);
    }

    zone->shpool->lock.lock = 0;

    return found;
}


/* does in another process, which has no copies, what the function does */

static inline void
elsewhere(void (*f)(int n), int n)
{
    int    status;
    pid_t  pid;

    fflush(stdout);

    pid = fork();

    if (pid == 0) {
        ngx_pid = getpid();
        f(n);
        _exit(0);
    }

    if (waitpid(pid, &status, 0) != pid || status != 0) {
        printf("Bail out! a process failed\n");
        exit(2);
    }
}


/* a token and its details, known here and copied */

static inline void
know(int n)
{
    zone_key_t  key, link;

    key = zone_key(zone, n);
    link = zone_key_of(zone, 0, 1, n);

    zone_put(zone, link, cloudflare_record(n, 1, 4), NULL, 1);
    zone_put(zone, key, cloudflare_record(n, 0, 0), &link, 1);

    zone_query(zone, key, 2);
}


#endif /* _COPY_H_INCLUDED_ */
