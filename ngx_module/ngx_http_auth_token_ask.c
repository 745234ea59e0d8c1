
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * One question to an authority: the request of one step is built and sent,
 * its answer is read and put into the cache.  Called by the look-up only.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "auth_token_subject.h"
#include "ngx_http_auth_token_ask.h"
#include "ngx_http_auth_token_credential.h"
#include "ngx_http_auth_token_issuer.h"
#include "ngx_http_auth_token_reply.h"
#include "ngx_http_auth_token_signed.h"


/* the values are members of records, which have a ceiling of their own */
#define NGX_HTTP_AUTH_TOKEN_MAX_SUBJECT  (4 * 1024 * 1024)


static ngx_int_t ngx_http_auth_token_ask_go(ngx_http_auth_token_ask_t *ask);
static ngx_int_t ngx_http_auth_token_ask_needs(ngx_http_auth_token_ask_t *ask,
    ngx_uint_t *retry_after);
static void ngx_http_auth_token_ask_ready(ngx_http_auth_token_need_t *need);
static void ngx_http_auth_token_ask_observe(ngx_http_auth_token_ask_t *ask,
    auth_token_result_t *result);
static ngx_int_t ngx_http_auth_token_ask_land_record(
    ngx_http_auth_token_ask_t *ask, const char **reason);
static ngx_int_t ngx_http_auth_token_ask_link(ngx_http_auth_token_ask_t *ask,
    const auth_token_vars_t *vars);
static void ngx_http_auth_token_ask_fail(ngx_http_auth_token_ask_t *ask,
    auth_token_result_t *result);


ngx_int_t
ngx_http_auth_token_ask_start(ngx_http_auth_token_ask_t *ask,
    ngx_msec_t timeout)
{
    ask->deadline = ngx_current_msec + timeout;
    ask->again = 0;
    ask->asked = 1;

    ngx_memzero(&ask->tries, sizeof(ngx_http_auth_token_tries_t));

    return ngx_http_auth_token_ask_go(ask);
}


static ngx_int_t
ngx_http_auth_token_ask_go(ngx_http_auth_token_ask_t *ask)
{
    ngx_int_t            rc;
    ngx_uint_t           retry_after;
    auth_token_result_t  result;

    ngx_memzero(&result, sizeof(auth_token_result_t));
    result.retry_after = -1;

    retry_after = 0;

    if ((ngx_msec_int_t) (ask->deadline - ngx_current_msec) <= 0) {
        result.reason = "timed out";

    } else {
        rc = ngx_http_auth_token_ask_needs(ask, &retry_after);

        if (rc == NGX_AGAIN) {
            return NGX_OK;
        }

        result.reason = (rc == NGX_OK) ? ngx_http_auth_token_ask_send(ask)
                                       : "what the request needs is not there";
    }

    if (result.reason == NULL) {
        return NGX_OK;
    }

    ngx_http_auth_token_ask_fail(ask, &result);

    ask->retry_after = ngx_max(ask->retry_after, retry_after);

    return NGX_ERROR;
}


/* in their order: the one may be needed to fetch the next */

static ngx_int_t
ngx_http_auth_token_ask_needs(ngx_http_auth_token_ask_t *ask,
    ngx_uint_t *retry_after)
{
    ngx_int_t                        rc;
    ngx_uint_t                       i;
    const auth_token_step_t         *step;
    ngx_http_auth_token_fetched_t   *docs[2];
    ngx_http_auth_token_provider_t  *provider;

    provider = ask->provider;
    step = &provider->protocol->steps[ask->step];

    docs[0] = provider->discovery;
    docs[1] = (step->credential == AUTH_TOKEN_CREDENTIAL_PROVIDER)
              ? provider->credential->fetched : NULL;

    ask->need.handler = ngx_http_auth_token_ask_ready;
    ask->need.data = ask;

    for (i = 0; i < sizeof(docs) / sizeof(docs[0]); i++) {

        if (docs[i] == NULL) {
            continue;
        }

        rc = ngx_http_auth_token_fetch_get(docs[i], &ask->need, ask->deadline);

        if (rc == NGX_ERROR) {
            *retry_after = docs[i]->retry_after;
        }

        if (rc != NGX_OK) {
            return rc;
        }
    }

    /* on their way by the time the answer is here */

    if (step->jwt && provider->answer->keys) {
        (void) ngx_http_auth_token_fetch_get(provider->answer->keys, NULL, 0);
    }

    return NGX_OK;
}


static void
ngx_http_auth_token_ask_ready(ngx_http_auth_token_need_t *need)
{
    ngx_http_auth_token_ask_anew(need->data);
}


void
ngx_http_auth_token_ask_anew(ngx_http_auth_token_ask_t *ask)
{
    if (ngx_http_auth_token_ask_go(ask) != NGX_OK) {
        ask->handler(ask);
    }
}


/* returns why not, or NULL */

const char *
ngx_http_auth_token_ask_send(ngx_http_auth_token_ask_t *ask)
{
    ngx_str_t                         url;
    ngx_int_t                         rc;
    ngx_msec_t                        left;
    auth_token_str_t                  endpoint;
    auth_token_request_t              request;
    const auth_token_step_t          *step;
    ngx_http_auth_token_provider_t   *provider;
    ngx_http_auth_token_endpoints_t  *found;

    provider = ask->provider;
    step = &provider->protocol->steps[ask->step];

    found = ngx_http_auth_token_issuer_endpoints(provider);

    if (found == NULL
        && ngx_http_auth_token_endpoint_next(provider, &ask->tries) != NGX_OK)
    {
        return "no endpoint is left";
    }

    url = found ? found->endpoint : ask->tries.endpoint->url;

    endpoint.len = url.len;
    endpoint.data = url.data;

    if (auth_token_request_build(step, endpoint, &ask->vars, &request) != 0
        || (step->credential == AUTH_TOKEN_CREDENTIAL_PROVIDER
            && ngx_http_auth_token_credential_apply(provider->credential,
                                                    &request.headers,
                                                    &request.body, ask->log)
               != NGX_OK))
    {
        auth_token_request_free(&request);
        return "no request could be made for this token";
    }

    ngx_memzero(&ask->fetch, sizeof(ngx_http_auth_token_fetch_t));

    ask->serial = ngx_http_auth_token_grant_serial(provider->credential);

    ask->fetch.reach = found ? &provider->reach : &ask->tries.endpoint->reach;
    ask->fetch.handler = ngx_http_auth_token_reply_handler;
    ask->fetch.data = ask;
    ask->fetch.log = ask->log;

    /* who hangs leaves time for those who come after */

    left = ask->deadline - ngx_current_msec;
    left = found ? left : ngx_max(left / ask->tries.left, 1);

    rc = ngx_http_auth_token_fetch_send(&ask->fetch, &request, left);

    auth_token_request_free(&request);

    return (rc == NGX_OK) ? NULL : "the request could not be started";
}


ngx_uint_t
ngx_http_auth_token_ask_unserved(ngx_http_auth_token_ask_t *ask)
{
    return !ask->asked || ngx_http_auth_token_curl_unserved(&ask->fetch);
}


void
ngx_http_auth_token_ask_key(ngx_http_auth_token_provider_t *provider,
    ngx_uint_t step, ngx_str_t *subject, ngx_http_auth_token_key_t *key)
{
    ngx_http_auth_token_zone_digest(provider->zone, provider->slot, step,
                                    provider->fingerprint, subject, key);
}


void
ngx_http_auth_token_ask_land(ngx_http_auth_token_ask_t *ask,
    auth_token_result_t *result)
{
    ask->outcome = result->outcome;
    ask->retry_after = 1;
    ask->overtaken = 0;

    ngx_http_auth_token_ask_observe(ask, result);

    switch (result->outcome) {

    case AUTH_TOKEN_OUTCOME_RECORD:

        if (ngx_http_auth_token_ask_land_record(ask, &result->reason)
            != NGX_OK)
        {
            ngx_http_auth_token_ask_fail(ask, result);
        }

        break;

    case AUTH_TOKEN_OUTCOME_UNKNOWN:
        ask->overtaken =
            ngx_http_auth_token_flight_land_refusal(&ask->flight,
                                                    ngx_current_msec,
                                                    &ask->waiters)
            != NGX_OK;
        break;

    default: /* AUTH_TOKEN_OUTCOME_UNAVAILABLE */
        ngx_http_auth_token_ask_fail(ask, result);
        break;
    }
}


/*
 * What is left of a budget, as the authority tells it.  Where the client's own
 * token was the credential it is the client's budget, not ours.
 */

static void
ngx_http_auth_token_ask_observe(ngx_http_auth_token_ask_t *ask,
    auth_token_result_t *result)
{
    const auth_token_step_t  *step;

    step = &ask->provider->protocol->steps[ask->step];

    if (step->credential != AUTH_TOKEN_CREDENTIAL_PROVIDER
        || result->ratelimit_remaining < 0)
    {
        return;
    }

    ngx_http_auth_token_flight_observe(&ask->flight, &ask->provider->limit,
                                (ngx_uint_t) result->ratelimit_remaining,
                                (ngx_uint_t) ngx_max(result->ratelimit_reset,
                                                     0),
                                ngx_current_msec);
}


/* NGX_DECLINED, and why: it leads nowhere, and is not to be kept */

static ngx_int_t
ngx_http_auth_token_ask_land_record(ngx_http_auth_token_ask_t *ask,
    const char **reason)
{
    ngx_uint_t                  i;
    auth_token_vars_t           vars;
    auth_token_verdict_e        verdict;
    auth_token_evidence_t       evidence;
    const auth_token_record_t  *records[NGX_HTTP_AUTH_TOKEN_MAX_STEPS];

    for (i = 0; i < ask->step; i++) {
        records[i] = ask->vars.records[i];
    }

    records[ask->step] = (auth_token_record_t *) ask->record.data;

    vars.token = ask->vars.token;
    vars.records = records;
    vars.nrecords = ask->step + 1;

    /* the address is the request's matter, not the answer's */
    evidence.record = records[ask->step];
    evidence.address = AUTH_TOKEN_ADDRESS_ADMITTED;

    verdict = auth_token_decide(&evidence, 1, ngx_time(),
                                ask->provider->leeway);

    ask->allowed = (verdict == AUTH_TOKEN_ALLOWED);

    /* what denies for good needs no further step */

    if (verdict != AUTH_TOKEN_INACTIVE
        && verdict != AUTH_TOKEN_EXPIRED
        && !auth_token_subject_leads(ask->provider->protocol, ask->step,
                                     &vars))
    {
        *reason = "the next step cannot be asked with what the answer says";
        return NGX_DECLINED;
    }

    if (ngx_http_auth_token_ask_link(ask, &vars) != NGX_OK) {
        *reason = "there is no memory for what the answer says";
        return NGX_DECLINED;
    }

    ask->overtaken =
        ngx_http_auth_token_flight_land_record(&ask->flight, ask->record,
                                               &ask->link, ask->allowed,
                                               ngx_current_msec,
                                               &ask->waiters)
        != NGX_OK;

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_ask_link(ngx_http_auth_token_ask_t *ask,
    const auth_token_vars_t *vars)
{
    int                           rc;
    ngx_str_t                     key;
    ngx_uint_t                    next;
    auth_token_buf_t              subject;
    const auth_token_protocol_t  *protocol;

    protocol = ask->provider->protocol;
    next = ask->step + 1;

    ngx_memzero(&ask->link, sizeof(ngx_http_auth_token_key_t));

    /* an only step leads nowhere; its link is what a purge by id finds */

    if (auth_token_record_field(vars->records[ask->step], "id").len == 0
        || (next == protocol->nsteps && next != 1))
    {
        return NGX_OK;
    }

    auth_token_buf_init(&subject, NGX_HTTP_AUTH_TOKEN_MAX_SUBJECT);

    rc = auth_token_subject(protocol, next, vars, &subject);

    if (rc == 0) {
        key.len = subject.len;
        key.data = subject.data;

        ngx_http_auth_token_ask_key(ask->provider, next, &key, &ask->link);
    }

    auth_token_buf_free(&subject);

    return (rc == 0) ? NGX_OK : NGX_ERROR;
}


static void
ngx_http_auth_token_ask_fail(ngx_http_auth_token_ask_t *ask,
    auth_token_result_t *result)
{
    ngx_uint_t                    asked;
    const auth_token_step_t      *step;
    ngx_http_auth_token_fault_e   fault;

    step = &ask->provider->protocol->steps[ask->step];

    ask->limited = ask->fetch.unserved;

    fault = ask->limited ? NGX_HTTP_AUTH_TOKEN_FAULT_OURS
            : result->health ? NGX_HTTP_AUTH_TOKEN_FAULT_FAILED
            : NGX_HTTP_AUTH_TOKEN_FAULT_NONE;

    asked = (result->health && result->retry_after > 0)
            ? (ngx_uint_t) result->retry_after : 0;

    /* the client is told what will be */
    asked = ngx_min(asked, NGX_HTTP_AUTH_TOKEN_MAX_PAUSE);

    ask->outcome = AUTH_TOKEN_OUTCOME_UNAVAILABLE;
    ask->retry_after = ngx_max(asked, 1);

    /*
     * what is about one token must not close the provider for the others: a
     * request made with the client's token is on the client's own budget
     */

    if (result->health && ask->fetch.status == NGX_HTTP_TOO_MANY_REQUESTS) {

        if (step->credential == AUTH_TOKEN_CREDENTIAL_TOKEN) {
            fault = NGX_HTTP_AUTH_TOKEN_FAULT_NONE;
            asked = 0;

        } else if (step->credential == AUTH_TOKEN_CREDENTIAL_PROVIDER) {
            fault = NGX_HTTP_AUTH_TOKEN_FAULT_BUSY;
        }
    }

    ngx_http_auth_token_ask_log(ask, result);

    ask->overtaken =
        ngx_http_auth_token_flight_land_failure(&ask->flight,
                                                &ask->provider->limit,
                                                fault, asked,
                                                ngx_current_msec,
                                                &ask->waiters)
        != NGX_OK;

    ask->retry_after = ngx_max(ask->retry_after, ask->flight.closed);
}
