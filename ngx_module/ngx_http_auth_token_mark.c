
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Marks of look-ups in flight, in a table of their own.  A mark outlives its
 * owner until its deadline, no longer.  Called by flight and cache, under the
 * lock.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_shctx.h"


/* a look-up that takes longer may have lost its owner: the system is asked */
#define NGX_HTTP_AUTH_TOKEN_MARK_OWNER  100

/* marks that are looked at for a free place */
#define NGX_HTTP_AUTH_TOKEN_MARK_VISITS  16


ngx_http_auth_token_mark_t *
ngx_http_auth_token_mark_create(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_key_t *key, ngx_msec_t now)
{
    ngx_uint_t                   i;
    ngx_http_auth_token_mark_t  *m;

    for (i = 0; i < NGX_HTTP_AUTH_TOKEN_MARK_VISITS; i++) {

        m = &sh->mark[sh->mark_hand];

        sh->mark_hand = (sh->mark_hand + 1) % sh->nmarks;

        if (m->nonce && !ngx_http_auth_token_mark_current(m, now)) {
            ngx_http_auth_token_mark_remove(sh, m);
        }

        if (m->nonce == 0) {
            ngx_memzero(m, sizeof(ngx_http_auth_token_mark_t));

            m->node.key = *key;
            m->nonce = ++sh->nonce;

            ngx_http_auth_token_index_insert(&sh->marks, &m->node);

            return m;
        }
    }

    return NULL;
}


ngx_uint_t
ngx_http_auth_token_mark_current(ngx_http_auth_token_mark_t *m, ngx_msec_t now)
{
    return now < m->deadline
           && ngx_http_auth_token_index_age(m->started, now) != -1;
}


ngx_uint_t
ngx_http_auth_token_mark_owned(ngx_http_auth_token_mark_t *m, ngx_msec_t now)
{
    if (m->owner == ngx_pid
        || ngx_http_auth_token_index_age(m->started, now)
           < NGX_HTTP_AUTH_TOKEN_MARK_OWNER)
    {
        return 1;
    }

    /* the pid may be another's by now: then the deadline ends the mark */

    return !(kill(m->owner, 0) == -1 && ngx_errno == ESRCH);
}


void
ngx_http_auth_token_mark_remove(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_mark_t *m)
{
    ngx_http_auth_token_index_remove(&sh->marks, &m->node);

    m->nonce = 0;
}
