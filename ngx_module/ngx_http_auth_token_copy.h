
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A worker's own copies of what it found in the zone, unpacked, which it reads
 * without the lock.  A counter in the zone for each key tells whether what
 * stands under it is still what was copied.  Called by cache.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_COPY_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_COPY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_shctx.h"


/* an entry as it was under the lock; not shared */

typedef struct {
    ngx_http_auth_token_key_t    key;
    ngx_http_auth_token_key_t    link;
    uint64_t                     stored;       /* monotonic ms */
    uint64_t                     generation;   /* of its slot */
    uint64_t                     laps;         /* of the ring */
    uint32_t                    *counters[2];  /* of key and link; shared */
    uint32_t                     counts[2];    /* what they were */
    uint32_t                     size;         /* bytes to take of it */
    unsigned                     allowed:1;    /* when it was stored */
    unsigned                     whole:1;      /* all of it is taken */
} ngx_http_auth_token_seen_t;


/*
 * Answers a query from the copies.  NGX_OK: q is set, as a hit that is neither
 * stale nor to be renewed; NGX_DECLINED: the zone has to be asked.
 */
ngx_int_t ngx_http_auth_token_copy_find(ngx_http_auth_token_query_t *q);

/*
 * Notes, under the lock, what tells later whether a copy of "e" is good.
 */
void ngx_http_auth_token_copy_see(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_entry_t *e, ngx_http_auth_token_seen_t *seen);

/*
 * Keeps the hits of a query, without the lock: "seen" of each, and what was
 * taken of the records one after the other, as they lie in the zone.
 */
void ngx_http_auth_token_copy_keep(ngx_http_auth_token_query_t *q,
    ngx_http_auth_token_seen_t *seen, u_char *taken);


#endif /* _NGX_HTTP_AUTH_TOKEN_COPY_H_INCLUDED_ */
