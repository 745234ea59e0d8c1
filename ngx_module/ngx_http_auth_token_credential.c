
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * How the provider itself authenticates at its authority.  A method is one
 * table line.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_credential.h"
#include "ngx_http_auth_token_secret.h"


typedef ngx_int_t (*ngx_http_auth_token_credential_pt)(ngx_conf_t *cf,
    ngx_http_auth_token_credential_t *credential, ngx_str_t *args);


typedef struct {
    ngx_str_t                          name;
    ngx_uint_t                         nargs;    /* after the name */
    ngx_http_auth_token_credential_pt  set;
} ngx_http_auth_token_method_t;


static ngx_int_t ngx_http_auth_token_credential_none(ngx_conf_t *cf,
    ngx_http_auth_token_credential_t *credential, ngx_str_t *args);
static ngx_int_t ngx_http_auth_token_credential_bearer(ngx_conf_t *cf,
    ngx_http_auth_token_credential_t *credential, ngx_str_t *args);
static ngx_int_t ngx_http_auth_token_credential_basic(ngx_conf_t *cf,
    ngx_http_auth_token_credential_t *credential, ngx_str_t *args);
static ngx_int_t ngx_http_auth_token_credential_post(ngx_conf_t *cf,
    ngx_http_auth_token_credential_t *credential, ngx_str_t *args);
static ngx_int_t ngx_http_auth_token_credential_header(ngx_conf_t *cf,
    ngx_http_auth_token_credential_t *credential, ngx_str_t *args);
static ngx_int_t ngx_http_auth_token_credential_line(ngx_conf_t *cf,
    ngx_str_t *line, char *format, ngx_str_t *name, ngx_str_t *value);
static u_char *ngx_http_auth_token_credential_form(u_char *p, ngx_str_t *s);


static ngx_http_auth_token_method_t  ngx_http_auth_token_methods[] = {

    { ngx_string("none"), 0, ngx_http_auth_token_credential_none },

    { ngx_string("bearer"), 1, ngx_http_auth_token_credential_bearer },

    { ngx_string("basic"), 2, ngx_http_auth_token_credential_basic },

    { ngx_string("post"), 2, ngx_http_auth_token_credential_post },

    { ngx_string("header"), 2, ngx_http_auth_token_credential_header },

    { ngx_null_string, 0, NULL }
};


ngx_http_auth_token_credential_t *
ngx_http_auth_token_credential_parse(ngx_conf_t *cf)
{
    ngx_str_t                         *value;
    ngx_http_auth_token_method_t      *m;
    ngx_http_auth_token_credential_t  *credential;

    value = cf->args->elts;

    for (m = ngx_http_auth_token_methods; m->name.len; m++) {
        if (m->name.len == value[1].len
            && ngx_strcmp(m->name.data, value[1].data) == 0)
        {
            break;
        }
    }

    if (m->name.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown credential method \"%V\"", &value[1]);
        return NULL;
    }

    if (cf->args->nelts - 2 != m->nargs) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "credential method \"%V\" takes %ui parameters",
                           &value[1], m->nargs);
        return NULL;
    }

    credential = ngx_pcalloc(cf->pool,
                             sizeof(ngx_http_auth_token_credential_t));
    if (credential == NULL) {
        return NULL;
    }

    credential->method = m->name;

    if (m->set(cf, credential, &value[2]) != NGX_OK) {
        return NULL;
    }

    return credential;
}


static ngx_int_t
ngx_http_auth_token_credential_none(ngx_conf_t *cf,
    ngx_http_auth_token_credential_t *credential, ngx_str_t *args)
{
    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_credential_bearer(ngx_conf_t *cf,
    ngx_http_auth_token_credential_t *credential, ngx_str_t *args)
{
    ngx_str_t         secret;
    static ngx_str_t  name = ngx_string("Authorization");

    if (ngx_http_auth_token_secret_read(cf, &args[0], &secret) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_auth_token_credential_line(cf, &credential->header,
                                               "%V: Bearer %V%Z", &name,
                                               &secret);
}


/* RFC 6749, 2.3.1: id and secret are form-encoded before they are joined */

static ngx_int_t
ngx_http_auth_token_credential_basic(ngx_conf_t *cf,
    ngx_http_auth_token_credential_t *credential, ngx_str_t *args)
{
    u_char           *p;
    ngx_int_t         rc;
    ngx_str_t         secret, pair, encoded;
    static ngx_str_t  name = ngx_string("Authorization");

    if (ngx_http_auth_token_secret_read(cf, &args[1], &secret) != NGX_OK) {
        return NGX_ERROR;
    }

    pair.data = ngx_pnalloc(cf->pool, 3 * (args[0].len + secret.len) + 1);
    if (pair.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_http_auth_token_credential_form(pair.data, &args[0]);
    *p++ = ':';
    p = ngx_http_auth_token_credential_form(p, &secret);

    pair.len = p - pair.data;

    encoded.data = ngx_pnalloc(cf->pool, ngx_base64_encoded_length(pair.len));
    if (encoded.data == NULL) {
        return NGX_ERROR;
    }

    ngx_encode_base64(&encoded, &pair);

    rc = ngx_http_auth_token_credential_line(cf, &credential->header,
                                             "%V: Basic %V%Z", &name,
                                             &encoded);

    ngx_explicit_memzero(pair.data, pair.len);
    ngx_explicit_memzero(encoded.data, encoded.len);

    return rc;
}


static ngx_int_t
ngx_http_auth_token_credential_post(ngx_conf_t *cf,
    ngx_http_auth_token_credential_t *credential, ngx_str_t *args)
{
    u_char     *p;
    ngx_str_t   secret;

    if (ngx_http_auth_token_secret_read(cf, &args[1], &secret) != NGX_OK) {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(cf->pool, sizeof("client_id=&client_secret=") - 1
                              + 3 * (args[0].len + secret.len));
    if (p == NULL) {
        return NGX_ERROR;
    }

    credential->form.data = p;

    p = ngx_cpymem(p, "client_id=", sizeof("client_id=") - 1);
    p = ngx_http_auth_token_credential_form(p, &args[0]);
    p = ngx_cpymem(p, "&client_secret=", sizeof("&client_secret=") - 1);
    p = ngx_http_auth_token_credential_form(p, &secret);

    credential->form.len = p - credential->form.data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_credential_header(ngx_conf_t *cf,
    ngx_http_auth_token_credential_t *credential, ngx_str_t *args)
{
    u_char      ch;
    size_t      i;
    ngx_str_t   secret;

    for (i = 0; i < args[0].len; i++) {
        ch = args[0].data[i];

        if ((ch < '0' || ch > '9') && (ch < 'A' || ch > 'Z')
            && (ch < 'a' || ch > 'z') && ch != '-' && ch != '_')
        {
            break;
        }
    }

    if (args[0].len == 0 || i != args[0].len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid header name \"%V\"", &args[0]);
        return NGX_ERROR;
    }

    if (ngx_http_auth_token_secret_read(cf, &args[1], &secret) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_auth_token_credential_line(cf, &credential->header,
                                               "%V: %V%Z", &args[0], &secret);
}


static ngx_int_t
ngx_http_auth_token_credential_line(ngx_conf_t *cf, ngx_str_t *line,
    char *format, ngx_str_t *name, ngx_str_t *value)
{
    size_t  len;

    len = name->len + value->len + sizeof(": Bearer ");

    line->data = ngx_pnalloc(cf->pool, len);
    if (line->data == NULL) {
        return NGX_ERROR;
    }

    /* the NUL at the end belongs to the line */

    line->len = ngx_snprintf(line->data, len, format, name, value)
                - line->data;

    return NGX_OK;
}


/* application/x-www-form-urlencoded; "p" has room for 3 * s->len bytes */

static u_char *
ngx_http_auth_token_credential_form(u_char *p, ngx_str_t *s)
{
    u_char         ch;
    size_t         i;
    static u_char  hex[] = "0123456789ABCDEF";

    for (i = 0; i < s->len; i++) {
        ch = s->data[i];

        if ((ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z')
            || (ch >= 'a' && ch <= 'z')
            || ch == '-' || ch == '.' || ch == '_' || ch == '*')
        {
            *p++ = ch;

        } else if (ch == ' ') {
            *p++ = '+';

        } else {
            *p++ = '%';
            *p++ = hex[ch >> 4];
            *p++ = hex[ch & 0xf];
        }
    }

    return p;
}


ngx_int_t
ngx_http_auth_token_credential_apply(
    ngx_http_auth_token_credential_t *credential, auth_token_buf_t *headers,
    auth_token_buf_t *body)
{
    if (credential->header.len
        && auth_token_buf_add(headers, credential->header.data,
                              credential->header.len)
           != 0)
    {
        return NGX_ERROR;
    }

    if (credential->form.len == 0) {
        return NGX_OK;
    }

    if (body->len != 0 && auth_token_buf_addc(body, '&') != 0) {
        return NGX_ERROR;
    }

    if (auth_token_buf_add(body, credential->form.data, credential->form.len)
        != 0)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}
