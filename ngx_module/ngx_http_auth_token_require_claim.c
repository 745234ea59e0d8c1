
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Reads "claim POINTER OP VALUE" of auth_token_require.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "auth_token_claim.h"
#include "auth_token_pointer.h"
#include "ngx_http_auth_token_conf.h"
#include "ngx_http_auth_token_require_conf.h"


typedef struct {
    ngx_str_t                            name;
    auth_token_require_op_e              op;
    unsigned                             negate:1;
    unsigned                             caseless:1;
} ngx_http_auth_token_require_op_t;


static char *ngx_http_auth_token_require_operands(
    ngx_http_auth_token_require_reader_t *reader,
    ngx_http_auth_token_requirement_t *req,
    ngx_http_auth_token_require_op_t *op);
static ngx_uint_t ngx_http_auth_token_require_compares(
    ngx_http_auth_token_requirement_t *req, ngx_str_t *value);
static char *ngx_http_auth_token_require_regex(ngx_conf_t *cf,
    ngx_http_auth_token_requirement_t *req, ngx_str_t *pattern,
    ngx_uint_t caseless);


static ngx_http_auth_token_require_op_t  ngx_http_auth_token_require_ops[] = {
    { ngx_string("="), AUTH_TOKEN_REQUIRE_EQ, 0, 0 },
    { ngx_string("!="), AUTH_TOKEN_REQUIRE_EQ, 1, 0 },
    { ngx_string("in"), AUTH_TOKEN_REQUIRE_ONE_OF, 0, 0 },
    { ngx_string("!in"), AUTH_TOKEN_REQUIRE_ONE_OF, 1, 0 },
    { ngx_string("contains"), AUTH_TOKEN_REQUIRE_CONTAINS, 0, 0 },
    { ngx_string("!contains"), AUTH_TOKEN_REQUIRE_CONTAINS, 1, 0 },
    { ngx_string("~"), AUTH_TOKEN_REQUIRE_MATCH, 0, 0 },
    { ngx_string("!~"), AUTH_TOKEN_REQUIRE_MATCH, 1, 0 },
    { ngx_string("~*"), AUTH_TOKEN_REQUIRE_MATCH, 0, 1 },
    { ngx_string("!~*"), AUTH_TOKEN_REQUIRE_MATCH, 1, 1 },
    { ngx_string(">"), AUTH_TOKEN_REQUIRE_GT, 0, 0 },
    { ngx_string("<"), AUTH_TOKEN_REQUIRE_LT, 0, 0 },
    { ngx_string(">="), AUTH_TOKEN_REQUIRE_GE, 0, 0 },
    { ngx_string("<="), AUTH_TOKEN_REQUIRE_LE, 0, 0 },
    { ngx_string("present"), AUTH_TOKEN_REQUIRE_PRESENT, 0, 0 },
    { ngx_string("!present"), AUTH_TOKEN_REQUIRE_PRESENT, 1, 0 },
    { ngx_null_string, 0, 0, 0 }
};


char *
ngx_http_auth_token_require_claim(ngx_http_auth_token_require_reader_t *reader)
{
    ngx_str_t                          *pointer, *name;
    const char                         *reason;
    auth_token_str_t                    text;
    ngx_http_auth_token_require_op_t   *op;
    ngx_http_auth_token_requirement_t  *req;

    pointer = ngx_http_auth_token_require_next(reader);
    name = ngx_http_auth_token_require_next(reader);

    if (name == NULL) {
        return "needs a pointer and an operator after \"claim\"";
    }

    text.data = pointer->data;
    text.len = pointer->len;

    reason = (pointer->len != 0) ? auth_token_pointer_check(text, 0)
                                 : "it is empty";

    if (reason != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, reader->cf, 0,
                           "invalid pointer \"%V\": %s", pointer, reason);
        return NGX_CONF_ERROR;
    }

    for (op = ngx_http_auth_token_require_ops; op->name.len; op++) {

        if (op->name.len == name->len
            && ngx_strncmp(op->name.data, name->data, name->len) == 0)
        {
            req = ngx_http_auth_token_require_add(reader);
            if (req == NULL) {
                return NGX_CONF_ERROR;
            }

            req->core.kind = AUTH_TOKEN_REQUIRE_CLAIM;
            req->core.pointer = text;
            req->core.op = op->op;
            req->core.negate = op->negate;

            return ngx_http_auth_token_require_operands(reader, req, op);
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, reader->cf, 0,
                       "invalid operator \"%V\"", name);
    return NGX_CONF_ERROR;
}


static char *
ngx_http_auth_token_require_operands(
    ngx_http_auth_token_require_reader_t *reader,
    ngx_http_auth_token_requirement_t *req,
    ngx_http_auth_token_require_op_t *op)
{
    char        *rv;
    ngx_str_t   *value, rest;

    if (op->op == AUTH_TOKEN_REQUIRE_PRESENT) {
        return NGX_CONF_OK;
    }

    value = ngx_http_auth_token_require_next(reader);

    if (value == NULL || value->len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, reader->cf, 0,
                           "no value after \"%V\"", &op->name);
        return NGX_CONF_ERROR;
    }

    if (op->op == AUTH_TOKEN_REQUIRE_MATCH) {
        return ngx_http_auth_token_require_regex(reader->cf, req, value,
                                                 op->caseless);
    }

    if (!ngx_http_auth_token_require_compares(req, value)) {
        ngx_conf_log_error(NGX_LOG_EMERG, reader->cf, 0,
                           "invalid number \"%V\" after \"%V\"", value,
                           &op->name);
        return NGX_CONF_ERROR;
    }

    if (op->op != AUTH_TOKEN_REQUIRE_ONE_OF) {
        req->value = ngx_http_auth_token_conf_value(reader->cf, value);
        return req->value ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    for ( ;; ) {
        rv = ngx_http_auth_token_require_push(reader->cf, &req->values, value);

        if (rv != NGX_CONF_OK) {
            return rv;
        }

        value = ngx_http_auth_token_require_next(reader);

        if (value == NULL) {
            return NGX_CONF_OK;
        }

        if (ngx_http_auth_token_require_starts(value, "status=", &rest)) {
            reader->next--;
            return NGX_CONF_OK;
        }
    }
}


/* whether an operator of order can be met by that constant */

static ngx_uint_t
ngx_http_auth_token_require_compares(ngx_http_auth_token_requirement_t *req,
    ngx_str_t *value)
{
    auth_token_doc_value_t    number;
    auth_token_requirement_t  core;

    if ((req->core.op != AUTH_TOKEN_REQUIRE_GT
         && req->core.op != AUTH_TOKEN_REQUIRE_LT
         && req->core.op != AUTH_TOKEN_REQUIRE_GE
         && req->core.op != AUTH_TOKEN_REQUIRE_LE)
        || ngx_http_script_variables_count(value))
    {
        return 1;
    }

    ngx_memzero(&number, sizeof(auth_token_doc_value_t));
    number.type = AUTH_TOKEN_DOC_INTEGER;

    core = req->core;
    core.value.data = value->data;
    core.value.len = value->len;

    return auth_token_claim_eval(number, &core) != AUTH_TOKEN_TRUTH_ERROR;
}


static char *
ngx_http_auth_token_require_regex(ngx_conf_t *cf,
    ngx_http_auth_token_requirement_t *req, ngx_str_t *pattern,
    ngx_uint_t caseless)
{
#if (NGX_PCRE)

    u_char               errstr[NGX_MAX_CONF_ERRSTR];
    ngx_regex_compile_t  rc;

    ngx_memzero(&rc, sizeof(ngx_regex_compile_t));

    rc.pattern = *pattern;
    rc.pool = cf->pool;
    rc.options = caseless ? NGX_REGEX_CASELESS : 0;
    rc.err.len = NGX_MAX_CONF_ERRSTR;
    rc.err.data = errstr;

    if (ngx_regex_compile(&rc) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%V", &rc.err);
        return NGX_CONF_ERROR;
    }

    req->core.data = rc.regex;

    return NGX_CONF_OK;

#else

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "the use of the regex \"%V\" requires PCRE library",
                       pattern);
    return NGX_CONF_ERROR;

#endif
}
