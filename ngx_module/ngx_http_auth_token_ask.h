
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * One question to an authority: the request of one step is built and sent,
 * its answer is read and put into the cache.  Called by the look-up only.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_ASK_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_ASK_H_INCLUDED_


#include "auth_token_answer.h"
#include "ngx_http_auth_token_endpoint.h"
#include "ngx_http_auth_token_fetch.h"
#include "ngx_http_auth_token_module.h"


typedef void (*ngx_http_auth_token_ask_pt)(ngx_http_auth_token_ask_t *ask);


struct ngx_http_auth_token_ask_s {
    /* set by the caller; must live until handler or _cancel() */
    ngx_http_auth_token_provider_t   *provider;
    ngx_uint_t                        step;
    auth_token_vars_t                 vars;
    ngx_http_auth_token_flight_t      flight;
    ngx_http_auth_token_ask_pt        handler;
    void                             *data;
    ngx_log_t                        *log;

    /* the result, valid inside handler */
    auth_token_outcome_e              outcome;
    auth_token_str_t                  record;       /* whole blob */
    ngx_http_auth_token_key_t         link;         /* next step's key */
    ngx_uint_t                        allowed;      /* rules 1 and 2 */
    ngx_uint_t                        retry_after;  /* seconds, at least 1 */
    ngx_uint_t                        overtaken;    /* not to be used */
    ngx_uint_t                        limited;      /* by us: not asked */
    ngx_http_auth_token_waiters_t     waiters;

    /* private */
    ngx_msec_t                        deadline;
    ngx_http_auth_token_need_t        need;
    ngx_uint_t                        serial;       /* of the grant's token */
    unsigned                          again:1;      /* with another one */
    unsigned                          asked:1;      /* by this worker */
    auth_token_answer_t               answer;
    auth_token_buf_t                  kept;         /* of the answer, while
                                                       it waits for keys */
    ngx_http_auth_token_fetch_t       fetch;
    ngx_http_auth_token_tries_t       tries;
};


/*
 * Sends the request of ask->step once what it needs has been fetched; all
 * within "timeout".  NGX_OK: ask->handler will be called once, later.
 * NGX_ERROR: it will not; the failure is logged and landed in the cache.
 */
ngx_int_t ngx_http_auth_token_ask_start(ngx_http_auth_token_ask_t *ask,
    ngx_msec_t timeout);

/*
 * Logs why there was no usable answer, at most once a second for a provider.
 */
void ngx_http_auth_token_ask_log(ngx_http_auth_token_ask_t *ask,
    auth_token_result_t *result);

/*
 * For the reply: sends the request once more (NULL, or why not), or begins
 * with what it needs; then "ask" is not to be touched any more.
 */
const char *ngx_http_auth_token_ask_send(ngx_http_auth_token_ask_t *ask);
void ngx_http_auth_token_ask_anew(ngx_http_auth_token_ask_t *ask);

/*
 * Takes over what was read of the answer: fills the result, puts it into the
 * cache, logs a failure.
 */
void ngx_http_auth_token_ask_land(ngx_http_auth_token_ask_t *ask,
    auth_token_result_t *result);

/*
 * The digest under which "subject" is asked for in a step of a provider, in
 * the provider's zone.
 */
void ngx_http_auth_token_ask_key(ngx_http_auth_token_provider_t *provider,
    ngx_uint_t step, ngx_str_t *subject, ngx_http_auth_token_key_t *key);

/*
 * Whether it is not the authority that keeps its answer back, as far as this
 * worker knows: it was not asked, or no connection has been free for that.
 */
ngx_uint_t ngx_http_auth_token_ask_unserved(ngx_http_auth_token_ask_t *ask);


#endif /* _NGX_HTTP_AUTH_TOKEN_ASK_H_INCLUDED_ */
