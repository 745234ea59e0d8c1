/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The metadata of an issuer.  A document that speaks of another issuer, by as
 * little as a slash, is not this one's: RFC 8414, 3.3.
 */


#include "auth_token_issuer.h"


#define AUTH_TOKEN_ISSUER_OAUTH   "/.well-known/oauth-authorization-server"
#define AUTH_TOKEN_ISSUER_OPENID  "/.well-known/openid-configuration"


static size_t auth_token_issuer_path(auth_token_str_t issuer);
static int auth_token_issuer_url(const auth_token_json_t *root,
    const char *pointer, auth_token_str_t *out);


int
auth_token_issuer_place(auth_token_str_t issuer, unsigned n,
    auth_token_buf_t *url)
{
    size_t       path;
    const char  *known;

    if (issuer.len != 0 && issuer.data[issuer.len - 1] == '/') {
        issuer.len--;
    }

    path = auth_token_issuer_path(issuer);

    switch (n) {

    case 0:
        known = AUTH_TOKEN_ISSUER_OAUTH;
        break;

    case 1:
        /* OpenID adds to the path what RFC 8414 puts before it */
        known = AUTH_TOKEN_ISSUER_OPENID;
        path = issuer.len;
        break;

    case 2:
        if (path == issuer.len) {
            return -1;
        }

        known = AUTH_TOKEN_ISSUER_OPENID;
        break;

    default:
        return -1;
    }

    (void) auth_token_buf_add(url, issuer.data, path);
    (void) auth_token_buf_adds(url, known);

    return auth_token_buf_add(url, issuer.data + path, issuer.len - path);
}


/* where the path begins: at the first slash after "://" */

static size_t
auth_token_issuer_path(auth_token_str_t issuer)
{
    size_t  i, slashes;

    slashes = 0;

    for (i = 0; i < issuer.len; i++) {
        if (issuer.data[i] == '/' && ++slashes == 3) {
            break;
        }
    }

    return i;
}


const char *
auth_token_issuer_read(const auth_token_json_t *root, auth_token_str_t issuer,
    auth_token_issuer_t *out)
{
    auth_token_str_t  name;

    memset(out, 0, sizeof(auth_token_issuer_t));

    if (auth_token_issuer_url(root, "/issuer", &name) != 0
        || !auth_token_str_eq(&name, &issuer))
    {
        return "the document is of another issuer";
    }

    if (auth_token_issuer_url(root, "/introspection_endpoint",
                              &out->introspection)
        != 0
        || auth_token_issuer_url(root, "/jwks_uri", &out->keys) != 0
        || auth_token_issuer_url(root, "/token_endpoint", &out->token) != 0)
    {
        return "a URL in the document is no string";
    }

    if (out->introspection.len == 0) {
        return "the document names no introspection endpoint";
    }

    return NULL;
}


/* null is as if it was not there */

static int
auth_token_issuer_url(const auth_token_json_t *root, const char *pointer,
    auth_token_str_t *out)
{
    const auth_token_json_t  *v;

    out->len = 0;

    v = auth_token_json_member(root, pointer);

    if (auth_token_json_type(v) == AUTH_TOKEN_DOC_NULL) {
        return 0;
    }

    return auth_token_json_member_text(root, pointer, out) == -1 ? -1 : 0;
}
