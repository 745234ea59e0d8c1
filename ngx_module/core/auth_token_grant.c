/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The answer of a token endpoint.  A token that is not a bearer token would
 * have to be sent another way, and one with other characters would not be
 * understood: neither is taken.
 */


#include <strings.h>

#include "auth_token_bearer.h"
#include "auth_token_grant.h"


static int auth_token_grant_seconds(const auth_token_json_t *v, int64_t *out);


/* RFC 6749, 5.2; RFC 8707, 2; the text of the answer itself is not logged */

static const struct {
    auth_token_str_t  code;
    const char       *reason;
} auth_token_grant_refusals[] = {
    { auth_token_str("invalid_client"), "the client was refused" },
    { auth_token_str("unauthorized_client"),
      "the client may not have tokens this way" },
    { auth_token_str("unsupported_grant_type"),
      "clients cannot have tokens this way" },
    { auth_token_str("invalid_scope"), "the scope was refused" },
    { auth_token_str("invalid_target"),
      "the resource or audience was refused" },
    { auth_token_str("invalid_request"), "the request was refused" },
    { auth_token_str(""), NULL }
};


const char *
auth_token_grant_read(const auth_token_json_t *root, auth_token_grant_t *out)
{
    auth_token_str_t          text;
    const auth_token_json_t  *v;

    v = auth_token_json_member(root, "/access_token");

    if (auth_token_json_type(v) != AUTH_TOKEN_DOC_STRING) {
        return "the answer has no access token";
    }

    out->token = auth_token_json_string(v);

    if (out->token.len > AUTH_TOKEN_GRANT_MAX_TOKEN
        || !auth_token_bearer_is_b64token(out->token.data, out->token.len))
    {
        return "the access token cannot be sent";
    }

    v = auth_token_json_member(root, "/token_type");

    if (auth_token_json_type(v) != AUTH_TOKEN_DOC_STRING) {
        return "the answer has no type of the token";
    }

    text = auth_token_json_string(v);

    if (text.len != 6 || strncasecmp((char *) text.data, "Bearer", 6) != 0) {
        return "the access token is not a bearer token";
    }

    v = auth_token_json_member(root, "/expires_in");

    return auth_token_grant_seconds(v, &out->seconds)
           ? "the life of the access token is not understood" : NULL;
}


static int
auth_token_grant_seconds(const auth_token_json_t *v, int64_t *out)
{
    double  real;

    switch (auth_token_json_type(v)) {

    case AUTH_TOKEN_DOC_ABSENT:
    case AUTH_TOKEN_DOC_NULL:
        *out = -1;
        return 0;

    case AUTH_TOKEN_DOC_INTEGER:
        *out = auth_token_json_integer(v);
        break;

    case AUTH_TOKEN_DOC_REAL:
        real = auth_token_json_real(v);

        if (!(real >= 1 && real < 1e18)) {
            return -1;
        }

        *out = (int64_t) real;
        break;

    default:
        return -1;
    }

    return *out > 0 ? 0 : -1;
}


const char *
auth_token_grant_refusal(const auth_token_json_t *root)
{
    size_t                    i;
    auth_token_str_t          text;
    const auth_token_json_t  *v;

    v = auth_token_json_member(root, "/error");

    if (auth_token_json_type(v) == AUTH_TOKEN_DOC_STRING) {
        text = auth_token_json_string(v);

        for (i = 0; auth_token_grant_refusals[i].reason; i++) {
            if (auth_token_str_eq(&auth_token_grant_refusals[i].code, &text)) {
                return auth_token_grant_refusals[i].reason;
            }
        }
    }

    return "no token was given";
}
