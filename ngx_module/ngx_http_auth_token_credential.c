
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * How the provider itself authenticates at its authority: from the arguments
 * of "credential" to what goes with a request.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_credential.h"
#include "ngx_http_auth_token_method.h"


/* a secret of 8k, escaped and encoded, and its id */
#define NGX_HTTP_AUTH_TOKEN_CREDENTIAL_MAX  65536


static ngx_int_t ngx_http_auth_token_credential_hold(
    ngx_http_auth_token_credential_t *credential, ngx_str_t *secret,
    ngx_http_auth_token_held_t *held);
static ngx_int_t ngx_http_auth_token_credential_copy(ngx_str_t *to,
    auth_token_buf_t *from);
static void ngx_http_auth_token_credential_wipe(ngx_str_t *s);
static void ngx_http_auth_token_credential_renew(
    ngx_http_auth_token_credential_t *credential, ngx_log_t *log);
static ngx_int_t ngx_http_auth_token_credential_assert(
    ngx_http_auth_token_credential_t *credential, auth_token_buf_t *body);


const char *
ngx_http_auth_token_credential_take(
    ngx_http_auth_token_credential_t *credential, ngx_str_t *secret)
{
    ngx_int_t                            rc;
    const char                          *wrong;
    auth_token_buf_t                     trial;
    ngx_http_auth_token_held_t           held;
    ngx_http_auth_token_assertion_t      assertion;
    const ngx_http_auth_token_method_t  *m;
    static ngx_str_t                     hs256 = ngx_string("HS256");

    m = credential->method;
    assertion = credential->assertion;

    ngx_memzero(&held, sizeof(ngx_http_auth_token_held_t));

    if (m->shared) {
        if (assertion.alg == NULL) {
            assertion.alg = ngx_http_auth_token_assertion_alg(&hs256, 1);
        }

        wrong = ngx_http_auth_token_assertion_secret(secret, assertion.alg);
        if (wrong) {
            return wrong;
        }
    }

    if (m->private) {
        wrong = ngx_http_auth_token_assertion_key(secret, &assertion.alg,
                                                  &held.key);
        if (wrong) {
            return wrong;
        }
    }

    rc = ngx_http_auth_token_credential_hold(credential, secret, &held);

    assertion.key = held.key;
    assertion.secret = held.text;
    assertion.client = credential->name;

    if (rc == NGX_OK && assertion.alg != NULL) {
        auth_token_buf_init(&trial, NGX_HTTP_AUTH_TOKEN_CREDENTIAL_MAX);
        rc = ngx_http_auth_token_assertion_make(&assertion, 0, &trial);
        auth_token_buf_free(&trial);
    }

    if (rc != NGX_OK) {
        ngx_http_auth_token_credential_drop(&held);
        return "cannot be used to authenticate";
    }

    ngx_http_auth_token_credential_drop(&credential->held);

    credential->held = held;
    credential->assertion = assertion;

    return NULL;
}


static ngx_int_t
ngx_http_auth_token_credential_hold(
    ngx_http_auth_token_credential_t *credential, ngx_str_t *secret,
    ngx_http_auth_token_held_t *held)
{
    ngx_int_t         rc;
    auth_token_buf_t  text, header, form;

    auth_token_buf_init(&text, NGX_HTTP_AUTH_TOKEN_CREDENTIAL_MAX);
    auth_token_buf_init(&header, NGX_HTTP_AUTH_TOKEN_CREDENTIAL_MAX);
    auth_token_buf_init(&form, NGX_HTTP_AUTH_TOKEN_CREDENTIAL_MAX);

    (void) auth_token_buf_add(&text, secret->data, secret->len);

    if (credential->method->make) {
        credential->method->make(credential, secret, &header, &form);
    }

    rc = (ngx_http_auth_token_credential_copy(&held->text, &text) == NGX_OK
          && ngx_http_auth_token_credential_copy(&held->header, &header)
             == NGX_OK
          && ngx_http_auth_token_credential_copy(&held->form, &form)
             == NGX_OK)
         ? NGX_OK : NGX_ERROR;

    auth_token_buf_free(&text);
    auth_token_buf_free(&header);
    auth_token_buf_free(&form);

    return rc;
}


static ngx_int_t
ngx_http_auth_token_credential_copy(ngx_str_t *to, auth_token_buf_t *from)
{
    if (from->failed) {
        return NGX_ERROR;
    }

    if (from->len == 0) {
        return NGX_OK;
    }

    to->data = ngx_alloc(from->len, ngx_cycle->log);
    if (to->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(to->data, from->data, from->len);
    to->len = from->len;

    return NGX_OK;
}


void
ngx_http_auth_token_credential_drop(ngx_http_auth_token_held_t *held)
{
    ngx_http_auth_token_assertion_key_free(held->key);

    ngx_http_auth_token_credential_wipe(&held->text);
    ngx_http_auth_token_credential_wipe(&held->header);
    ngx_http_auth_token_credential_wipe(&held->form);
}


static void
ngx_http_auth_token_credential_wipe(ngx_str_t *s)
{
    if (s->data != NULL) {
        ngx_explicit_memzero(s->data, s->len);
        ngx_free(s->data);
    }
}


/*
 * A file that changes is the same identity's new secret: what is in the cache
 * stays, and it does not matter which worker sees the change first.
 */

static void
ngx_http_auth_token_credential_renew(
    ngx_http_auth_token_credential_t *credential, ngx_log_t *log)
{
    u_char       room[NGX_HTTP_AUTH_TOKEN_MAX_SECRET];
    ngx_int_t    rc;
    ngx_str_t    text;
    const char  *wrong;

    rc = ngx_http_auth_token_secret_renew(&credential->secret, room, &text,
                                          log);
    if (rc == NGX_DECLINED) {
        /* as with nearly all look-ups: there is nothing to wipe */
        return;
    }

    if (rc != NGX_OK) {
        /* what was read and refused may be a secret all the same */
        ngx_explicit_memzero(room, sizeof(room));
        return;
    }

    if (text.len == credential->held.text.len
        && ngx_memcmp(text.data, credential->held.text.data, text.len) == 0)
    {
        ngx_explicit_memzero(room, sizeof(room));
        return;
    }

    wrong = ngx_http_auth_token_credential_take(credential, &text);

    ngx_explicit_memzero(room, sizeof(room));

    if (wrong) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "auth token: secret file \"%V\" has changed and %s, "
                      "the old secret stays in use", &credential->secret.path,
                      wrong);
        return;
    }

    ngx_log_error(NGX_LOG_NOTICE, log, 0,
                  "auth token: secret file \"%V\" has changed and is in use",
                  &credential->secret.path);
}


ngx_uint_t
ngx_http_auth_token_credential_identity(
    ngx_http_auth_token_credential_t *credential, ngx_str_t *parts)
{
    ngx_uint_t                    n;
    ngx_http_auth_token_held_t   *held;
    ngx_http_auth_token_grant_t  *grant;

    n = 0;
    held = &credential->held;
    grant = credential->grant;

    parts[n++] = credential->method->name;
    parts[n++] = held->header;
    parts[n++] = held->form;
    parts[n++] = held->text;

    if (grant) {
        parts[n++] = grant->url;
        parts[n].len = grant->form.len;
        parts[n++].data = grant->form.data;

        n += ngx_http_auth_token_credential_identity(grant->client, &parts[n]);
    }

    return n;
}


ngx_int_t
ngx_http_auth_token_credential_apply(
    ngx_http_auth_token_credential_t *credential, auth_token_buf_t *headers,
    auth_token_buf_t *body, ngx_log_t *log)
{
    ngx_http_auth_token_held_t  *held;

    if (credential->grant) {
        return ngx_http_auth_token_grant_apply(credential, headers);
    }

    ngx_http_auth_token_credential_renew(credential, log);

    held = &credential->held;

    (void) auth_token_buf_add(headers, held->header.data, held->header.len);

    if (held->form.len) {
        if (body->len != 0) {
            (void) auth_token_buf_addc(body, '&');
        }

        (void) auth_token_buf_add(body, held->form.data, held->form.len);
    }

    if (credential->assertion.alg != NULL
        && ngx_http_auth_token_credential_assert(credential, body) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return headers->failed || body->failed ? NGX_ERROR : NGX_OK;
}


/* RFC 7523, 2.2; no character of an assertion needs escaping */

static ngx_int_t
ngx_http_auth_token_credential_assert(
    ngx_http_auth_token_credential_t *credential, auth_token_buf_t *body)
{
    (void) auth_token_buf_adds(body, "&client_assertion_type="
                       "urn%3Aietf%3Aparams%3Aoauth%3A"
                       "client-assertion-type%3Ajwt-bearer&client_assertion=");

    return ngx_http_auth_token_assertion_make(&credential->assertion,
                                              ngx_time(), body);
}
