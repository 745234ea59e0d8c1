
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Documents that a worker fetches for a provider and keeps: what its look-ups
 * need before they can ask or understand an answer.  One fetch at a time for
 * a document, with all who need it waiting; renewed ahead of its end while it
 * is in use; a failure is remembered, each one in a row for longer.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_FETCH_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_FETCH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "auth_token_json.h"
#include "auth_token_step.h"
#include "ngx_http_auth_token_curl.h"


typedef struct ngx_http_auth_token_fetched_s  ngx_http_auth_token_fetched_t;
typedef struct ngx_http_auth_token_need_s     ngx_http_auth_token_need_t;


/* what was read; the value lives in the pool, which is destroyed with it */

typedef struct {
    ngx_pool_t                        *pool;
    void                              *value;
    ngx_msec_t                         life;      /* from now on, > 0 */
    const char                        *error;     /* static, if there is one */
} ngx_http_auth_token_reading_t;


/*
 * Fills the request of the doc->attempt'th try (from 0); it is freed by the
 * caller whatever is returned.  NGX_DECLINED: there is nothing left to try.
 */
typedef ngx_int_t (*ngx_http_auth_token_fetch_build_pt)(
    ngx_http_auth_token_fetched_t *doc, auth_token_request_t *request);

/*
 * Reads an answer (f->status is not 0).  NGX_DECLINED: try the next one;
 * NGX_ERROR: give up, out->error says why.
 */
typedef ngx_int_t (*ngx_http_auth_token_fetch_read_pt)(
    ngx_http_auth_token_fetched_t *doc, ngx_http_auth_token_fetch_t *f,
    ngx_http_auth_token_reading_t *out);

typedef void (*ngx_http_auth_token_need_pt)(ngx_http_auth_token_need_t *need);


struct ngx_http_auth_token_fetched_s {
    /* set at configuration, then read-only */
    const char                        *what;      /* "key set", for the log */
    ngx_str_t                         *provider;  /* its name, likewise */
    ngx_http_auth_token_reach_t       *reach;
    ngx_msec_t                         timeout;   /* of all its tries */
    ngx_http_auth_token_fetch_build_pt build;
    ngx_http_auth_token_fetch_read_pt  read;
    void                              *data;      /* the owner's */

    /* of this worker; the value is to be used at once, never kept */
    void                              *value;     /* NULL: none */
    ngx_uint_t                         attempt;
    ngx_uint_t                         retry_after;  /* after NGX_ERROR */

    /* private */
    ngx_pool_t                        *pool;
    ngx_queue_t                        needs;
    ngx_msec_t                         renew;
    ngx_msec_t                         end;
    ngx_msec_t                         deadline;
    ngx_msec_t                         closed;    /* no try until then */
    ngx_msec_t                         forced;    /* none by force either */
    ngx_uint_t                         failures;  /* in a row */
    const char                        *error;
    ngx_http_auth_token_fetch_t        fetch;
    unsigned                           busy:1;
};


/* somebody who waits for a document; zeroed before it is used first */

struct ngx_http_auth_token_need_s {
    ngx_http_auth_token_need_pt        handler;
    void                              *data;

    /* private */
    ngx_queue_t                        queue;
    ngx_event_t                        timer;
    unsigned                           waiting:1;
};


/*
 * Makes a document of a configuration, all zero but for "what" and what is
 * private.  The memory of a worker goes with the configuration's pool.
 */
ngx_http_auth_token_fetched_t *ngx_http_auth_token_fetch_create(
    ngx_conf_t *cf, const char *what);

/*
 * NGX_OK: doc->value may be used.  NGX_AGAIN: need->handler (need may be NULL)
 * is called once, later, when it is worth while to call _get() again,
 * "deadline" at the latest.  NGX_ERROR: not for doc->retry_after seconds.
 */
ngx_int_t ngx_http_auth_token_fetch_get(ngx_http_auth_token_fetched_t *doc,
    ngx_http_auth_token_need_t *need, ngx_msec_t deadline);

/*
 * The same for who has seen doc->value and found that it is not up to date.
 * NGX_DECLINED: that was asked for a short time ago.
 */
ngx_int_t ngx_http_auth_token_fetch_again(ngx_http_auth_token_fetched_t *doc,
    ngx_http_auth_token_need_t *need, ngx_msec_t deadline);

/*
 * Forgets a value that was refused where it was used.  NGX_DECLINED: one was
 * forgotten a short time ago, and this one is kept.
 */
ngx_int_t ngx_http_auth_token_fetch_forget(ngx_http_auth_token_fetched_t *doc);

/*
 * Ends a wait without a call of the handler; harmless if there is none.
 */
void ngx_http_auth_token_fetch_leave(ngx_http_auth_token_need_t *need);

/*
 * Starts a transfer for a request that was built; f->reach, handler, data and
 * log are set.  As ngx_http_auth_token_curl_start().
 */
ngx_int_t ngx_http_auth_token_fetch_send(ngx_http_auth_token_fetch_t *f,
    auth_token_request_t *request, ngx_msec_t timeout);

/*
 * Help for build(): a GET of "url" that accepts "type".
 */
ngx_int_t ngx_http_auth_token_fetch_page(auth_token_request_t *request,
    ngx_str_t *url, const char *type);

/*
 * Help for read(): the JSON object that a whole and plain answer holds, to be
 * freed, or NULL with *error set.
 */
auth_token_json_t *ngx_http_auth_token_fetch_json(
    ngx_http_auth_token_fetch_t *f, const char **error);


#endif /* _NGX_HTTP_AUTH_TOKEN_FETCH_H_INCLUDED_ */
