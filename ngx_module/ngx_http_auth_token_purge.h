
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Ending answers before their time: of a token, of an id, of a provider, or
 * all.  _begin() makes them unusable at once, for look-ups under way too;
 * _sweep() then takes out what is stored, a few entries at a time.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_PURGE_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_PURGE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_cache.h"


typedef enum {
    NGX_HTTP_AUTH_TOKEN_PURGE_KEY = 0,         /* a token */
    NGX_HTTP_AUTH_TOKEN_PURGE_LINK,            /* an id, and what leads to it */
    NGX_HTTP_AUTH_TOKEN_PURGE_SLOT,            /* a provider */
    NGX_HTTP_AUTH_TOKEN_PURGE_REST,            /* of other configurations */
    NGX_HTTP_AUTH_TOKEN_PURGE_ALL
} ngx_http_auth_token_purge_e;


/* a purge under way; not shared.  The caller zeroes it and sets the first */

typedef struct {
    ngx_http_auth_token_zone_t   *zone;
    ngx_http_auth_token_purge_e   kind;
    ngx_http_auth_token_key_t     key;         /* KEY, LINK */
    ngx_uint_t                    slot;        /* SLOT */

    /* REST: not these slots, a bit each */
    uint64_t                      spared[NGX_HTTP_AUTH_TOKEN_SLOTS / 64];

    /* KEY, LINK: what the key's record led to; none if there was none */
    ngx_http_auth_token_key_t     link;

    /* entries taken out so far */
    ngx_uint_t                    records;
    ngx_uint_t                    negatives;

    /* private */
    uint64_t                      sequence;
    uint64_t                      cursor;
    ngx_uint_t                    phase;
} ngx_http_auth_token_purge_t;


/*
 * Whether a purge came since any of "n" hits of a slot was asked for, and named
 * it; also 1 if that cannot be told.
 */
ngx_uint_t ngx_http_auth_token_purge_ended(ngx_http_auth_token_zone_t *zone,
    ngx_uint_t slot, ngx_http_auth_token_hit_t *hits, ngx_uint_t n);

/*
 * From its return on no answer to a look-up that started earlier is used or
 * stored.  Needs no memory.  NGX_ERROR: the zone is of another layout.
 */
ngx_int_t ngx_http_auth_token_purge_begin(ngx_http_auth_token_purge_t *p);

/*
 * Takes out some of the entries and counts them; holds the lock for 128 of
 * them at most.  NGX_AGAIN: more to do; NGX_OK: done.
 */
ngx_int_t ngx_http_auth_token_purge_sweep(ngx_http_auth_token_purge_t *p);


#endif /* _NGX_HTTP_AUTH_TOKEN_PURGE_H_INCLUDED_ */
