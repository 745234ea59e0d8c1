/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Signed answers of introspection.  The same keys sign ID tokens and access
 * tokens, for others as well as for us: "typ" and "aud" tell those apart.
 */


#include <strings.h>

#include "auth_token_mapping.h"
#include "auth_token_signed.h"


#define AUTH_TOKEN_SIGNED_TIME                                                \
    (AUTH_TOKEN_TIME_SECONDS|AUTH_TOKEN_TIME_NULL_IS_WRONG)


static int auth_token_signed_audience(const auth_token_json_t *root,
    auth_token_str_t audience);
static const char *auth_token_signed_times(const auth_token_json_t *root,
    int64_t leeway, int64_t now);
static int auth_token_signed_is(const auth_token_json_t *v,
    auth_token_str_t text);


static const auth_token_when_t  auth_token_signed_iat = {
    auth_token_str("/iat"), AUTH_TOKEN_SIGNED_TIME
};

static const auth_token_when_t  auth_token_signed_nbf = {
    auth_token_str("/nbf"), AUTH_TOKEN_SIGNED_TIME
};

static const auth_token_when_t  auth_token_signed_exp = {
    auth_token_str("/exp"), AUTH_TOKEN_SIGNED_TIME
};


const char *
auth_token_signed_header(const auth_token_signed_t *want,
    const auth_token_jws_t *jws)
{
    auth_token_str_t  typ;

    /* RFC 7515, 4.1.9 */

    typ = jws->typ;

    if (typ.len > 12
        && strncasecmp((char *) typ.data, "application/", 12) == 0)
    {
        typ.data += 12;
        typ.len -= 12;
    }

    if (typ.len != sizeof("token-introspection+jwt") - 1
        || strncasecmp((char *) typ.data, "token-introspection+jwt", typ.len)
           != 0)
    {
        return "the JWT is not of the type token-introspection+jwt";
    }

    if (!(want->algs & jws->alg->bit)) {
        return "the algorithm of the JWT is not allowed";
    }

    return NULL;
}


const char *
auth_token_signed_claims(const auth_token_signed_t *want,
    const auth_token_json_t *root, int64_t now,
    const auth_token_json_t **inner)
{
    const char               *reason;
    const auth_token_json_t  *v;

    v = auth_token_json_member(root, "/iss");

    if (!auth_token_signed_is(v, want->issuer)) {
        return "the JWT is of another issuer";
    }

    if (!auth_token_signed_audience(root, want->audience)) {
        return "the JWT is for another audience";
    }

    reason = auth_token_signed_times(root, want->leeway, now);

    if (reason != NULL) {
        return reason;
    }

    *inner = auth_token_json_member(root, "/token_introspection");

    if (auth_token_json_type(*inner) != AUTH_TOKEN_DOC_OBJECT) {
        return "the JWT has no claim token_introspection";
    }

    return NULL;
}


static int
auth_token_signed_audience(const auth_token_json_t *root,
    auth_token_str_t audience)
{
    int                       found;
    size_t                    i, n;
    const auth_token_json_t  *v, *one;

    v = auth_token_json_member(root, "/aud");

    if (auth_token_json_type(v) != AUTH_TOKEN_DOC_ARRAY) {
        return auth_token_signed_is(v, audience);
    }

    found = 0;
    n = auth_token_json_size(v);

    for (i = 0; i < n; i++) {
        one = auth_token_json_at(v, i);

        if (auth_token_json_type(one) != AUTH_TOKEN_DOC_STRING) {
            return 0;
        }

        found |= auth_token_signed_is(one, audience);
    }

    return found;
}


/* RFC 9701, 5: "iat" is required; the others count if they are there */

static const char *
auth_token_signed_times(const auth_token_json_t *root, int64_t leeway,
    int64_t now)
{
    int      issued, begins, ends;
    int64_t  iat, nbf, exp, skew;

    if (auth_token_mapping_when(&auth_token_signed_iat, root,
                                AUTH_TOKEN_ROUND_DOWN, &issued, &iat) != NULL
        || auth_token_mapping_when(&auth_token_signed_nbf, root,
                                   AUTH_TOKEN_ROUND_UP, &begins, &nbf) != NULL
        || auth_token_mapping_when(&auth_token_signed_exp, root,
                                   AUTH_TOKEN_ROUND_DOWN, &ends, &exp) != NULL
        || !issued)
    {
        return "a time of the JWT is missing or cannot be read";
    }

    skew = leeway + AUTH_TOKEN_SIGNED_SKEW;

    if (iat > now + skew || iat < now - skew
        || (begins && nbf > now + leeway)
        || (ends && exp <= now - leeway))
    {
        return "the JWT is not of this time";
    }

    return NULL;
}


static int
auth_token_signed_is(const auth_token_json_t *v, auth_token_str_t text)
{
    auth_token_str_t  s;

    if (auth_token_json_type(v) != AUTH_TOKEN_DOC_STRING) {
        return 0;
    }

    s = auth_token_json_string(v);

    return auth_token_str_eq(&s, &text);
}
