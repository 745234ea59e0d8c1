
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Values of records as variables.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_handler.h"
#include "ngx_http_auth_token_value.h"


static auth_token_doc_value_t ngx_http_auth_token_value_root(
    ngx_http_auth_token_ctx_t *ctx, ngx_uint_t step);
static ngx_int_t ngx_http_auth_token_value_put(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, auth_token_doc_value_t value);
static ngx_int_t ngx_http_auth_token_value_join(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, auth_token_doc_value_t list,
    auth_token_str_t join);
static ngx_int_t ngx_http_auth_token_value_text(auth_token_buf_t *b,
    auth_token_doc_value_t value);
static ngx_uint_t ngx_http_auth_token_value_is_text(auth_token_str_t s);
static ngx_int_t ngx_http_auth_token_value_buf(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, auth_token_buf_t *b);
static void ngx_http_auth_token_value_time(auth_token_buf_t *b,
    auth_token_doc_value_t root, const char *name, int64_t value);


/*
 * who the token is; in a dry run a request that would have been denied goes
 * on, and its backend must not take it for somebody
 */

ngx_http_auth_token_ctx_t *
ngx_http_auth_token_value_identity(ngx_http_request_t *r)
{
    ngx_http_auth_token_ctx_t       *ctx;
    ngx_http_auth_token_loc_conf_t  *lcf;

    ctx = ngx_http_auth_token_judged(r);

    if (ctx == NULL) {
        return NULL;
    }

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_auth_token_module);

    if (ctx->verdict != AUTH_TOKEN_ALLOWED && lcf->dry_run) {
        return NULL;
    }

    return ctx;
}


ngx_int_t
ngx_http_auth_token_value_member(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, auth_token_str_t name)
{
    ngx_uint_t                  i;
    auth_token_doc_value_t      value;
    ngx_http_auth_token_ctx_t  *ctx;

    ctx = ngx_http_auth_token_value_identity(r);

    ngx_memzero(&value, sizeof(auth_token_doc_value_t));

    /* the last step that says something has the word */

    for (i = ctx ? ctx->nhits : 0; i > 0; i--) {
        value = auth_token_doc_member(
                         ngx_http_auth_token_value_root(ctx, i - 1), name);

        if (value.type != AUTH_TOKEN_DOC_ABSENT) {
            break;
        }
    }

    return ngx_http_auth_token_value_put(r, v, value);
}


ngx_int_t
ngx_http_auth_token_value_pointer(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, auth_token_str_t pointer,
    auth_token_str_t join)
{
    ngx_uint_t                  i;
    auth_token_doc_value_t      value;
    ngx_http_auth_token_ctx_t  *ctx;

    ctx = ngx_http_auth_token_value_identity(r);

    ngx_memzero(&value, sizeof(auth_token_doc_value_t));

    for (i = ctx ? ctx->nhits : 0; i > 0; i--) {
        value = auth_token_doc_pointer(
                         ngx_http_auth_token_value_root(ctx, i - 1), pointer);

        if (value.type != AUTH_TOKEN_DOC_ABSENT) {
            break;
        }
    }

    if (join.len != 0 && value.type == AUTH_TOKEN_DOC_ARRAY) {
        return ngx_http_auth_token_value_join(r, v, value, join);
    }

    return ngx_http_auth_token_value_put(r, v, value);
}


ngx_int_t
ngx_http_auth_token_value_prefix(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t *name = (ngx_str_t *) data;

    auth_token_str_t  field;

    field.data = name->data + sizeof("auth_token_field_") - 1;
    field.len = name->len - (sizeof("auth_token_field_") - 1);

    return ngx_http_auth_token_value_member(r, v, field);
}


ngx_int_t
ngx_http_auth_token_value_record(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                   json, text;
    auth_token_buf_t            buf;
    auth_token_record_t        *record;
    auth_token_doc_value_t      root;
    ngx_http_auth_token_ctx_t  *ctx;

    ctx = ngx_http_auth_token_value_identity(r);

    if (ctx == NULL || ctx->nhits == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    record = ctx->hits[ctx->nhits - 1].record;
    root = ngx_http_auth_token_value_root(ctx, ctx->nhits - 1);

    auth_token_buf_init(&buf, NGX_HTTP_AUTH_TOKEN_MAX_VALUE / 4 * 3);

    (void) auth_token_doc_json(&buf, root);

    if (root.type != AUTH_TOKEN_DOC_OBJECT || buf.failed) {
        auth_token_buf_free(&buf);
        v->not_found = 1;
        return NGX_OK;
    }

    /* the window is not among the fields of every answer */

    if (record->flags & AUTH_TOKEN_RECORD_HAS_NOT_BEFORE) {
        ngx_http_auth_token_value_time(&buf, root, "not_before",
                                       record->not_before);
    }

    if (record->flags & AUTH_TOKEN_RECORD_HAS_EXPIRES_ON) {
        ngx_http_auth_token_value_time(&buf, root, "expires_on",
                                       record->expires_on);
    }

    text.data = ngx_pnalloc(r->pool, ngx_base64_encoded_length(buf.len));

    if (text.data == NULL || buf.failed) {
        auth_token_buf_free(&buf);
        v->not_found = 1;
        return NGX_OK;
    }

    json.len = buf.len;
    json.data = buf.data;

    ngx_encode_base64url(&text, &json);

    auth_token_buf_free(&buf);

    v->data = text.data;
    v->len = text.len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


/* writes over the brace at the end of an object */

static void
ngx_http_auth_token_value_time(auth_token_buf_t *b,
    auth_token_doc_value_t root, const char *name, int64_t value)
{
    u_char             text[NGX_INT64_LEN];
    auth_token_str_t   member;

    member.data = (u_char *) name;
    member.len = ngx_strlen(name);

    if (b->failed
        || auth_token_doc_member(root, member).type != AUTH_TOKEN_DOC_ABSENT)
    {
        return;
    }

    b->len--;

    (void) auth_token_buf_adds(b, b->len == 1 ? "\"" : ",\"");
    (void) auth_token_buf_adds(b, name);
    (void) auth_token_buf_adds(b, "\":");
    /* cppcheck-suppress uninitvar ; filled by ngx_sprintf() */
    (void) auth_token_buf_add(b, text, ngx_sprintf(text, "%L", value) - text);
    (void) auth_token_buf_addc(b, '}');
}


static auth_token_doc_value_t
ngx_http_auth_token_value_root(ngx_http_auth_token_ctx_t *ctx, ngx_uint_t step)
{
    return auth_token_doc_root(auth_token_record_doc(ctx->hits[step].record));
}


static ngx_int_t
ngx_http_auth_token_value_put(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, auth_token_doc_value_t value)
{
    auth_token_buf_t  buf;

    auth_token_buf_init(&buf, NGX_HTTP_AUTH_TOKEN_MAX_VALUE);

    if (ngx_http_auth_token_value_text(&buf, value) != NGX_OK) {
        auth_token_buf_free(&buf);
        v->not_found = 1;
        return NGX_OK;
    }

    return ngx_http_auth_token_value_buf(r, v, &buf);
}


/* an element that has the separator in it would look like two */

static ngx_int_t
ngx_http_auth_token_value_join(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, auth_token_doc_value_t list,
    auth_token_str_t join)
{
    size_t                  start;
    ngx_uint_t              n;
    auth_token_str_t        key;
    auth_token_buf_t        buf;
    auth_token_doc_iter_t   it;
    auth_token_doc_value_t  value;

    auth_token_buf_init(&buf, NGX_HTTP_AUTH_TOKEN_MAX_VALUE);
    auth_token_doc_iter(&it, list);

    for (n = 0; auth_token_doc_next(&it, &key, &value); n++) {

        if (n != 0) {
            (void) auth_token_buf_add(&buf, join.data, join.len);
        }

        start = buf.len;

        if (value.type == AUTH_TOKEN_DOC_ARRAY
            || value.type == AUTH_TOKEN_DOC_OBJECT
            || ngx_http_auth_token_value_text(&buf, value) != NGX_OK
            || (buf.len != start
                && memmem(buf.data + start, buf.len - start, join.data,
                          join.len)
                   != NULL))
        {
            goto unknown;
        }
    }

    if (it.rest.len == 0 && !buf.failed) {
        return ngx_http_auth_token_value_buf(r, v, &buf);
    }

unknown:

    auth_token_buf_free(&buf);
    v->not_found = 1;

    return NGX_OK;
}


/* strings as they are, anything else as JSON */

static ngx_int_t
ngx_http_auth_token_value_text(auth_token_buf_t *b,
    auth_token_doc_value_t value)
{
    switch (value.type) {

    case AUTH_TOKEN_DOC_ABSENT:
    case AUTH_TOKEN_DOC_NULL:
        return NGX_DECLINED;

    case AUTH_TOKEN_DOC_STRING:

        if (!ngx_http_auth_token_value_is_text(value.bytes)
            || auth_token_buf_add(b, value.bytes.data, value.bytes.len) != 0)
        {
            return NGX_DECLINED;
        }

        return NGX_OK;

    default:
        return auth_token_doc_json(b, value) == 0 ? NGX_OK : NGX_DECLINED;
    }
}


/* a control character could end the field that a value stands in */

static ngx_uint_t
ngx_http_auth_token_value_is_text(auth_token_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] < 0x20 || s.data[i] == 0x7f) {
            return 0;
        }
    }

    return 1;
}


static ngx_int_t
ngx_http_auth_token_value_buf(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, auth_token_buf_t *b)
{
    ngx_int_t  rc;

    rc = ngx_http_auth_token_value_set(r, v, b->data, b->len);

    auth_token_buf_free(b);

    return rc;
}


ngx_int_t
ngx_http_auth_token_value_set(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, const void *data, size_t len)
{
    v->data = ngx_pnalloc(r->pool, len);
    if (v->data == NULL) {
        return NGX_ERROR;
    }

    if (len != 0) {
        ngx_memcpy(v->data, data, len);
    }

    v->len = len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}
