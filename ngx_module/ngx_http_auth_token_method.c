
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The methods of "credential".  A new one is a table line, and a function if
 * what it sends is not like another's.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "auth_token_escape.h"
#include "ngx_http_auth_token_method.h"


static void ngx_http_auth_token_method_bearer(
    ngx_http_auth_token_credential_t *credential, ngx_str_t *secret,
    auth_token_buf_t *header, auth_token_buf_t *form);
static void ngx_http_auth_token_method_basic(
    ngx_http_auth_token_credential_t *credential, ngx_str_t *secret,
    auth_token_buf_t *header, auth_token_buf_t *form);
static void ngx_http_auth_token_method_post(
    ngx_http_auth_token_credential_t *credential, ngx_str_t *secret,
    auth_token_buf_t *header, auth_token_buf_t *form);
static void ngx_http_auth_token_method_header(
    ngx_http_auth_token_credential_t *credential, ngx_str_t *secret,
    auth_token_buf_t *header, auth_token_buf_t *form);
static void ngx_http_auth_token_method_client(
    ngx_http_auth_token_credential_t *credential, ngx_str_t *secret,
    auth_token_buf_t *header, auth_token_buf_t *form);
static void ngx_http_auth_token_method_form(auth_token_buf_t *out,
    ngx_str_t *s);


static const ngx_http_auth_token_method_t  ngx_http_auth_token_methods[] = {

    { .name = ngx_string("none") },

    { .name = ngx_string("bearer"), .nargs = 1, .secret = 1,
      .make = ngx_http_auth_token_method_bearer },

    { .name = ngx_string("basic"), .nargs = 2, .secret = 2, .client = 1,
      .make = ngx_http_auth_token_method_basic },

    { .name = ngx_string("post"), .nargs = 2, .secret = 2, .client = 1,
      .make = ngx_http_auth_token_method_post, .form = 1 },

    { .name = ngx_string("header"), .nargs = 2, .secret = 2, .field = 1,
      .make = ngx_http_auth_token_method_header },

    { .name = ngx_string("token"), .token = 1 },

    { .name = ngx_string("tls"), .nargs = 1, .client = 1,
      .make = ngx_http_auth_token_method_client, .form = 1, .tls = 1 },

    { .name = ngx_string("client_secret_jwt"), .nargs = 2, .secret = 2,
      .client = 1, .make = ngx_http_auth_token_method_client, .form = 1,
      .shared = 1 },

    { .name = ngx_string("private_key_jwt"), .nargs = 2, .secret = 2,
      .client = 1, .make = ngx_http_auth_token_method_client, .form = 1,
      .private = 1 },

    { .name = ngx_string("client_credentials"), .nargs = 3, .grant = 1 },

    { .name = ngx_null_string }
};


const ngx_http_auth_token_method_t *
ngx_http_auth_token_method_find(ngx_str_t *name)
{
    const ngx_http_auth_token_method_t  *m;

    for (m = ngx_http_auth_token_methods; m->name.len; m++) {
        if (m->name.len == name->len
            && ngx_strncmp(m->name.data, name->data, name->len) == 0)
        {
            return m;
        }
    }

    return NULL;
}


static void
ngx_http_auth_token_method_bearer(
    ngx_http_auth_token_credential_t *credential, ngx_str_t *secret,
    auth_token_buf_t *header, auth_token_buf_t *form)
{
    /* the NUL at the end belongs to the line */

    (void) auth_token_buf_adds(header, "Authorization: Bearer ");
    (void) auth_token_buf_add(header, secret->data, secret->len);
    (void) auth_token_buf_addc(header, '\0');
}


/* RFC 6749, 2.3.1: id and secret are form-encoded before they are joined */

static void
ngx_http_auth_token_method_basic(
    ngx_http_auth_token_credential_t *credential, ngx_str_t *secret,
    auth_token_buf_t *header, auth_token_buf_t *form)
{
    ngx_str_t         src, dst;
    auth_token_buf_t  pair;

    auth_token_buf_init(&pair, header->max);

    ngx_http_auth_token_method_form(&pair, &credential->name);
    (void) auth_token_buf_addc(&pair, ':');
    ngx_http_auth_token_method_form(&pair, secret);

    (void) auth_token_buf_adds(header, "Authorization: Basic ");

    src.len = pair.len;
    src.data = pair.data;

    dst.len = ngx_base64_encoded_length(pair.len);
    dst.data = pair.failed ? NULL : auth_token_buf_extend(header, dst.len);

    if (dst.data != NULL) {
        ngx_encode_base64(&dst, &src);

    } else {
        header->failed = 1;
    }

    (void) auth_token_buf_addc(header, '\0');

    auth_token_buf_free(&pair);
}


static void
ngx_http_auth_token_method_post(
    ngx_http_auth_token_credential_t *credential, ngx_str_t *secret,
    auth_token_buf_t *header, auth_token_buf_t *form)
{
    ngx_http_auth_token_method_client(credential, secret, header, form);

    (void) auth_token_buf_adds(form, "&client_secret=");
    ngx_http_auth_token_method_form(form, secret);
}


static void
ngx_http_auth_token_method_header(
    ngx_http_auth_token_credential_t *credential, ngx_str_t *secret,
    auth_token_buf_t *header, auth_token_buf_t *form)
{
    (void) auth_token_buf_add(header, credential->name.data,
                              credential->name.len);
    (void) auth_token_buf_adds(header, ": ");
    (void) auth_token_buf_add(header, secret->data, secret->len);
    (void) auth_token_buf_addc(header, '\0');
}


static void
ngx_http_auth_token_method_client(
    ngx_http_auth_token_credential_t *credential, ngx_str_t *secret,
    auth_token_buf_t *header, auth_token_buf_t *form)
{
    (void) auth_token_buf_adds(form, "client_id=");
    ngx_http_auth_token_method_form(form, &credential->name);
}


static void
ngx_http_auth_token_method_form(auth_token_buf_t *out, ngx_str_t *s)
{
    auth_token_str_t  text;

    text.len = s->len;
    text.data = s->data;

    if (auth_token_escape(text, AUTH_TOKEN_PLACE_FORM, out) != 0) {
        out->failed = 1;
    }
}
