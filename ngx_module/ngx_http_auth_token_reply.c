
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The answer to a question: opened if it is signed, for which keys may have
 * to be fetched, then read and landed.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_credential.h"
#include "ngx_http_auth_token_reply.h"
#include "ngx_http_auth_token_signed.h"


/* a body of 64k grows at most a few times as a record */
#define NGX_HTTP_AUTH_TOKEN_MAX_RECORD   (1024 * 1024)


static void ngx_http_auth_token_reply_judge(ngx_http_auth_token_ask_t *ask);
static ngx_int_t ngx_http_auth_token_reply_open(ngx_http_auth_token_ask_t *ask,
    auth_token_buf_t *claims);
static void ngx_http_auth_token_reply_keep(ngx_http_auth_token_ask_t *ask);
static void ngx_http_auth_token_reply_keys(ngx_http_auth_token_need_t *need);
static ngx_uint_t ngx_http_auth_token_reply_once_more(
    ngx_http_auth_token_ask_t *ask, auth_token_result_t *result);
static ngx_int_t ngx_http_auth_token_reply_next(ngx_http_auth_token_ask_t *ask,
    auth_token_result_t *result);
static void ngx_http_auth_token_reply_read(ngx_http_auth_token_ask_t *ask,
    auth_token_buf_t *record, auth_token_result_t *result);


void
ngx_http_auth_token_reply_handler(ngx_http_auth_token_fetch_t *f)
{
    auth_token_answer_t        *answer;
    ngx_http_auth_token_ask_t  *ask;

    ask = f->data;
    answer = &ask->answer;

    ngx_memzero(answer, sizeof(auth_token_answer_t));

    answer->status = f->status;
    answer->headers.len = f->headers.len;
    answer->headers.data = f->headers.data;
    answer->body.len = f->body.len;
    answer->body.data = f->body.data;

    ngx_http_auth_token_reply_judge(ask);
}


static void
ngx_http_auth_token_reply_judge(ngx_http_auth_token_ask_t *ask)
{
    auth_token_buf_t     record, claims, kept;
    auth_token_result_t  result;

    auth_token_buf_init(&claims, 0);

    if (ngx_http_auth_token_reply_open(ask, &claims) == NGX_AGAIN) {
        ngx_http_auth_token_reply_keep(ask);
        return;
    }

    auth_token_buf_init(&record, NGX_HTTP_AUTH_TOKEN_MAX_RECORD);

    ngx_http_auth_token_reply_read(ask, &record, &result);

    /* "ask" may be no more after what follows */

    kept = ask->kept;
    ngx_memzero(&ask->kept, sizeof(auth_token_buf_t));

    if (ngx_http_auth_token_reply_once_more(ask, &result)) {
        ngx_http_auth_token_ask_anew(ask);

    } else if (ngx_http_auth_token_reply_next(ask, &result) != NGX_OK) {
        ask->record = auth_token_buf_str(&record);

        ngx_http_auth_token_ask_land(ask, &result);

        ask->handler(ask);
    }

    auth_token_buf_free(&record);
    auth_token_buf_free(&claims);
    auth_token_buf_free(&kept);
}


/* NGX_AGAIN: the answer is signed, and the keys are awaited */

static ngx_int_t
ngx_http_auth_token_reply_open(ngx_http_auth_token_ask_t *ask,
    auth_token_buf_t *claims)
{
    auth_token_answer_t  *answer;

    answer = &ask->answer;

    if (ask->provider->protocol->steps[ask->step].jwt == NULL
        || answer->status != NGX_HTTP_OK)
    {
        return NGX_OK;
    }

    if ((ngx_msec_int_t) (ask->deadline - ngx_current_msec) <= 0) {
        answer->unverified = "the key set did not come in time";
        return NGX_OK;
    }

    ask->need.handler = ngx_http_auth_token_reply_keys;
    ask->need.data = ask;

    return ngx_http_auth_token_signed_open(ask->provider, answer, claims,
                                           &ask->need, ask->deadline);
}


/* the transfer and what it holds are about to go */

static void
ngx_http_auth_token_reply_keep(ngx_http_auth_token_ask_t *ask)
{
    auth_token_buf_t     *kept;
    auth_token_answer_t  *answer;

    kept = &ask->kept;
    answer = &ask->answer;

    if (kept->data) {
        return;
    }

    auth_token_buf_init(kept, answer->headers.len + answer->body.len);

    if (auth_token_buf_add(kept, answer->headers.data, answer->headers.len)
        != 0
        || auth_token_buf_add(kept, answer->body.data, answer->body.len) != 0)
    {
        /* which makes it no JWT */
        answer->headers.len = 0;
        answer->body.len = 0;
        return;
    }

    answer->headers.data = kept->data;
    answer->body.data = kept->data + answer->headers.len;
}


static void
ngx_http_auth_token_reply_keys(ngx_http_auth_token_need_t *need)
{
    ngx_http_auth_token_reply_judge(need->data);
}


static void
ngx_http_auth_token_reply_read(ngx_http_auth_token_ask_t *ask,
    auth_token_buf_t *record, auth_token_result_t *result)
{
    if (ask->answer.status == 0) {
        ngx_memzero(result, sizeof(auth_token_result_t));

        result->outcome = AUTH_TOKEN_OUTCOME_UNAVAILABLE;
        result->reason = ask->fetch.error;
        result->retry_after = -1;
        result->ratelimit_remaining = -1;
        result->ratelimit_reset = -1;
        result->health = 1;

        return;
    }

    auth_token_answer_read(&ask->provider->protocol->steps[ask->step],
                           &ask->answer, &ask->vars, ngx_time(), record,
                           result);
}


/*
 * an access token of ours that is refused may have been revoked: another one
 * is asked with, once, and within what is left of the time
 */

static ngx_uint_t
ngx_http_auth_token_reply_once_more(ngx_http_auth_token_ask_t *ask,
    auth_token_result_t *result)
{
    const auth_token_step_t           *step;
    ngx_http_auth_token_credential_t  *credential;

    step = &ask->provider->protocol->steps[ask->step];
    credential = ask->provider->credential;

    if (credential->grant == NULL
        || step->credential != AUTH_TOKEN_CREDENTIAL_PROVIDER
        || result->outcome != AUTH_TOKEN_OUTCOME_UNAVAILABLE
        || ask->fetch.status != NGX_HTTP_UNAUTHORIZED
        || ask->again
        || !ngx_http_auth_token_grant_refused(credential, ask->serial))
    {
        return 0;
    }

    ask->again = 1;

    /* that was an answer: of the same endpoint another one is wanted */
    ngx_memzero(&ask->tries, sizeof(ngx_http_auth_token_tries_t));

    return 1;
}


/* where there was no answer, another endpoint may give one */

static ngx_int_t
ngx_http_auth_token_reply_next(ngx_http_auth_token_ask_t *ask,
    auth_token_result_t *result)
{
    const auth_token_step_t  *step;

    step = &ask->provider->protocol->steps[ask->step];

    if (ngx_http_auth_token_endpoint_ended(ask->provider, &ask->tries, step,
                                           &ask->fetch, result->reason)
        != NGX_AGAIN
        || (ngx_msec_int_t) (ask->deadline - ngx_current_msec) <= 0)
    {
        return NGX_DECLINED;
    }

    return ngx_http_auth_token_ask_send(ask) == NULL ? NGX_OK : NGX_DECLINED;
}
