
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Reads auth_token_resource_metadata; the document is made here, once.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "auth_token_buf.h"
#include "auth_token_doc.h"
#include "ngx_http_auth_token_metadata.h"
#include "ngx_http_auth_token_metadata_check.h"


#define NGX_HTTP_AUTH_TOKEN_MAX_METADATA  (64 * 1024)

#define NGX_HTTP_AUTH_TOKEN_WELL_KNOWN                                        \
    "/.well-known/oauth-protected-resource"


typedef struct {
    ngx_str_t                           name;
    ngx_http_auth_token_member_type_e   type;
} ngx_http_auth_token_member_t;


/* a block while it is read */

typedef struct {
    ngx_http_auth_token_metadata_t     *metadata;
    auth_token_buf_t                    json;
    ngx_uint_t                          seen;  /* a bit for each member */
    ngx_str_t                           resource;
} ngx_http_auth_token_metadata_reader_t;


static char *ngx_http_auth_token_metadata_word(ngx_conf_t *cf,
    ngx_command_t *dummy, void *conf);
static char *ngx_http_auth_token_metadata_member(ngx_conf_t *cf,
    ngx_http_auth_token_metadata_reader_t *reader,
    ngx_http_auth_token_member_t *member);
static void ngx_http_auth_token_metadata_text(auth_token_buf_t *b,
    ngx_str_t *value);
static char *ngx_http_auth_token_metadata_finish(ngx_conf_t *cf,
    ngx_http_auth_token_metadata_reader_t *reader);
static ngx_int_t ngx_http_auth_token_metadata_place(ngx_conf_t *cf,
    ngx_http_auth_token_metadata_reader_t *reader);
static char *ngx_http_auth_token_metadata_add(ngx_conf_t *cf,
    ngx_http_auth_token_metadata_t *metadata);


/* RFC 9728, 2; the first is the one that must be there */

static ngx_http_auth_token_member_t  ngx_http_auth_token_members[] = {
    { ngx_string("resource"), NGX_HTTP_AUTH_TOKEN_MEMBER_URL },
    { ngx_string("bearer_methods_supported"),
      NGX_HTTP_AUTH_TOKEN_MEMBER_METHODS },
    { ngx_string("authorization_servers"), NGX_HTTP_AUTH_TOKEN_MEMBER_URLS },
    { ngx_string("scopes_supported"), NGX_HTTP_AUTH_TOKEN_MEMBER_SCOPES },
    { ngx_string("jwks_uri"), NGX_HTTP_AUTH_TOKEN_MEMBER_URL },
    { ngx_string("resource_name"), NGX_HTTP_AUTH_TOKEN_MEMBER_TEXT },
    { ngx_string("resource_documentation"), NGX_HTTP_AUTH_TOKEN_MEMBER_URL },
    { ngx_string("resource_policy_uri"), NGX_HTTP_AUTH_TOKEN_MEMBER_URL },
    { ngx_string("resource_tos_uri"), NGX_HTTP_AUTH_TOKEN_MEMBER_URL },
    { ngx_string("resource_signing_alg_values_supported"),
      NGX_HTTP_AUTH_TOKEN_MEMBER_ALGS },
    { ngx_string("authorization_details_types_supported"),
      NGX_HTTP_AUTH_TOKEN_MEMBER_TEXTS },
    { ngx_string("tls_client_certificate_bound_access_tokens"),
      NGX_HTTP_AUTH_TOKEN_MEMBER_FLAG },
    { ngx_string("dpop_signing_alg_values_supported"),
      NGX_HTTP_AUTH_TOKEN_MEMBER_ALGS },
    { ngx_string("dpop_bound_access_tokens_required"),
      NGX_HTTP_AUTH_TOKEN_MEMBER_FLAG },
    { ngx_null_string, 0 }
};


void *
ngx_http_auth_token_metadata_create(ngx_conf_t *cf)
{
    ngx_http_auth_token_srv_conf_t  *scf;

    scf = ngx_pcalloc(cf->pool, sizeof(ngx_http_auth_token_srv_conf_t));

    if (scf == NULL
        || ngx_array_init(&scf->documents, cf->pool, 1, sizeof(void *))
           != NGX_OK)
    {
        return NULL;
    }

    return scf;
}


char *
ngx_http_auth_token_metadata_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_auth_token_loc_conf_t *lcf = conf;

    char                                   *rv;
    ngx_conf_t                              save;
    ngx_http_auth_token_metadata_reader_t   reader;

    if (lcf->metadata != NULL) {
        return "is duplicate";
    }

    ngx_memzero(&reader, sizeof(ngx_http_auth_token_metadata_reader_t));

    reader.metadata = ngx_pcalloc(cf->pool,
                                  sizeof(ngx_http_auth_token_metadata_t));
    if (reader.metadata == NULL) {
        return NGX_CONF_ERROR;
    }

    auth_token_buf_init(&reader.json, NGX_HTTP_AUTH_TOKEN_MAX_METADATA);

    save = *cf;
    cf->handler = ngx_http_auth_token_metadata_word;
    /* cppcheck-suppress autoVariables ; put back before the block ends */
    cf->handler_conf = (char *) &reader;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv == NGX_CONF_OK) {
        rv = ngx_http_auth_token_metadata_finish(cf, &reader);
    }

    auth_token_buf_free(&reader.json);

    lcf->metadata = reader.metadata;

    return rv;
}


static char *
ngx_http_auth_token_metadata_word(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf)
{
    ngx_http_auth_token_metadata_reader_t *reader = conf;

    ngx_str_t                     *value;
    ngx_uint_t                     bit;
    ngx_http_auth_token_member_t  *member;

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[0].data, "include") == 0) {
        return ngx_conf_include(cf, dummy, conf);
    }

    for (member = ngx_http_auth_token_members; member->name.len; member++) {

        if (member->name.len != value[0].len
            || ngx_strncmp(member->name.data, value[0].data, value[0].len)
               != 0)
        {
            continue;
        }

        bit = (ngx_uint_t) 1 << (member - ngx_http_auth_token_members);

        if (reader->seen & bit) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" directive is duplicate", &value[0]);
            return NGX_CONF_ERROR;
        }

        reader->seen |= bit;

        return ngx_http_auth_token_metadata_member(cf, reader, member);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "unknown directive \"%V\" in "
                       "\"auth_token_resource_metadata\"", &value[0]);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_auth_token_metadata_member(ngx_conf_t *cf,
    ngx_http_auth_token_metadata_reader_t *reader,
    ngx_http_auth_token_member_t *member)
{
    ngx_str_t   *value;
    ngx_uint_t   i, list, resource;

    value = cf->args->elts;
    list = (member->type >= NGX_HTTP_AUTH_TOKEN_MEMBER_TEXTS);
    resource = (member == ngx_http_auth_token_members);

    if (cf->args->nelts < 2 || (!list && cf->args->nelts > 2)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid number of arguments in \"%V\" directive",
                           &value[0]);
        return NGX_CONF_ERROR;
    }

    (void) auth_token_buf_adds(&reader->json, reader->json.len ? "," : "{");
    ngx_http_auth_token_metadata_text(&reader->json, &value[0]);
    (void) auth_token_buf_adds(&reader->json, list ? ":[" : ":");

    for (i = 1; i < cf->args->nelts; i++) {

        if (member->type == NGX_HTTP_AUTH_TOKEN_MEMBER_FLAG
            && (ngx_strcmp(value[i].data, "on") == 0
                || ngx_strcmp(value[i].data, "off") == 0))
        {
            (void) auth_token_buf_adds(&reader->json,
                                       value[i].len == 2 ? "true" : "false");
            continue;
        }

        if (member->type == NGX_HTTP_AUTH_TOKEN_MEMBER_FLAG
            || ngx_http_auth_token_metadata_check(&value[i], member->type,
                                                  resource)
               != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid value \"%V\" in \"%V\" directive",
                               &value[i], &value[0]);
            return NGX_CONF_ERROR;
        }

        if (i > 1) {
            (void) auth_token_buf_addc(&reader->json, ',');
        }

        ngx_http_auth_token_metadata_text(&reader->json, &value[i]);
    }

    (void) auth_token_buf_adds(&reader->json, list ? "]" : "");

    if (resource) {
        reader->resource = value[1];
    }

    return NGX_CONF_OK;
}


static void
ngx_http_auth_token_metadata_text(auth_token_buf_t *b, ngx_str_t *value)
{
    auth_token_doc_value_t  v;

    ngx_memzero(&v, sizeof(auth_token_doc_value_t));

    v.type = AUTH_TOKEN_DOC_STRING;
    v.bytes.len = value->len;
    v.bytes.data = value->data;

    (void) auth_token_doc_json(b, v);
}


static char *
ngx_http_auth_token_metadata_finish(ngx_conf_t *cf,
    ngx_http_auth_token_metadata_reader_t *reader)
{
    ngx_str_t  *json;

    if (reader->resource.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no \"resource\" in "
                           "\"auth_token_resource_metadata\"");
        return NGX_CONF_ERROR;
    }

    /* what this module takes by itself */

    if (!(reader->seen & 2)) {
        (void) auth_token_buf_adds(&reader->json,
                                   ",\"bearer_methods_supported\":"
                                   "[\"header\"]");
    }

    if (auth_token_buf_adds(&reader->json, "}\n") != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"auth_token_resource_metadata\" is too long");
        return NGX_CONF_ERROR;
    }

    json = &reader->metadata->json.value;

    json->len = reader->json.len;
    json->data = ngx_pnalloc(cf->pool, json->len);

    if (json->data == NULL
        || ngx_http_auth_token_metadata_place(cf, reader) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_memcpy(json->data, reader->json.data, json->len);

    return ngx_http_auth_token_metadata_add(cf, reader->metadata);
}


/* RFC 9728, 3.1: between host and path; a "/" alone is no path */

static ngx_int_t
ngx_http_auth_token_metadata_place(ngx_conf_t *cf,
    ngx_http_auth_token_metadata_reader_t *reader)
{
    u_char                          *p, *last;
    ngx_str_t                        origin, path;
    ngx_http_auth_token_metadata_t  *metadata;

    metadata = reader->metadata;

    p = (u_char *) ngx_strstr(reader->resource.data, "://") + 3;
    last = reader->resource.data + reader->resource.len;

    p = ngx_strlchr(p, last, '/');
    if (p == NULL) {
        p = last;
    }

    origin.data = reader->resource.data;
    origin.len = p - origin.data;

    path.data = p;
    path.len = (last - p > 1) ? last - p : 0;

    metadata->url.len = origin.len
                        + sizeof(NGX_HTTP_AUTH_TOKEN_WELL_KNOWN) - 1
                        + path.len;
    metadata->url.data = ngx_pnalloc(cf->pool, metadata->url.len);

    if (metadata->url.data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_sprintf(metadata->url.data, "%V%s%V", &origin,
                       NGX_HTTP_AUTH_TOKEN_WELL_KNOWN, &path);

    metadata->path.data = metadata->url.data + origin.len;
    metadata->path.len = metadata->url.len - origin.len;

    return NGX_OK;
}


static char *
ngx_http_auth_token_metadata_add(ngx_conf_t *cf,
    ngx_http_auth_token_metadata_t *metadata)
{
    ngx_uint_t                        i;
    ngx_http_auth_token_srv_conf_t   *scf;
    ngx_http_auth_token_metadata_t  **documents;

    scf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_auth_token_module);

    documents = scf->documents.elts;

    for (i = 0; i < scf->documents.nelts; i++) {

        if (documents[i]->path.len == metadata->path.len
            && ngx_memcmp(documents[i]->path.data, metadata->path.data,
                          metadata->path.len)
               == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate document \"%V\"", &metadata->path);
            return NGX_CONF_ERROR;
        }
    }

    documents = ngx_array_push(&scf->documents);
    if (documents == NULL) {
        return NGX_CONF_ERROR;
    }

    *documents = metadata;

    return NGX_CONF_OK;
}
