/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A JWS in compact form.  The header comes from whoever made the text: it
 * names an algorithm and a key that are looked for among those we have, and
 * a key or a URL that stands in it is never used.
 */


#include "auth_token_base64url.h"
#include "auth_token_jws.h"


#define AUTH_TOKEN_JWS_MAX_HEADER  8192


static int auth_token_jws_split(auth_token_str_t text, auth_token_str_t *part);
static const char *auth_token_jws_header(auth_token_str_t text,
    auth_token_jws_t *out);


static const auth_token_alg_t  auth_token_algs[] = {
    { auth_token_str("RS256"), 0x0001, AUTH_TOKEN_CURVE_NONE, 256, 0 },
    { auth_token_str("RS384"), 0x0002, AUTH_TOKEN_CURVE_NONE, 384, 0 },
    { auth_token_str("RS512"), 0x0004, AUTH_TOKEN_CURVE_NONE, 512, 0 },
    { auth_token_str("PS256"), 0x0008, AUTH_TOKEN_CURVE_NONE, 256, 1 },
    { auth_token_str("PS384"), 0x0010, AUTH_TOKEN_CURVE_NONE, 384, 1 },
    { auth_token_str("PS512"), 0x0020, AUTH_TOKEN_CURVE_NONE, 512, 1 },
    { auth_token_str("ES256"), 0x0040, AUTH_TOKEN_CURVE_P256, 256, 0 },
    { auth_token_str("ES384"), 0x0080, AUTH_TOKEN_CURVE_P384, 384, 0 },
    { auth_token_str("ES512"), 0x0100, AUTH_TOKEN_CURVE_P521, 512, 0 },
    { auth_token_str("EdDSA"), 0x0200, AUTH_TOKEN_CURVE_ED25519, 0, 0 }
};


const auth_token_alg_t *
auth_token_alg_find(auth_token_str_t name)
{
    size_t  i;

    for (i = 0; i < sizeof(auth_token_algs) / sizeof(auth_token_algs[0]); i++)
    {
        if (auth_token_str_eq(&auth_token_algs[i].name, &name)) {
            return &auth_token_algs[i];
        }
    }

    return NULL;
}


const char *
auth_token_jws_parse(auth_token_str_t text, auth_token_jws_t *out)
{
    const char        *reason;
    auth_token_str_t   part[3];

    memset(out, 0, sizeof(auth_token_jws_t));

    auth_token_buf_init(&out->payload, text.len);
    auth_token_buf_init(&out->signature, text.len);

    if (auth_token_jws_split(text, part) != 0) {
        return "the answer is not a signed JWT";
    }

    out->input.data = part[0].data;
    out->input.len = part[0].len + 1 + part[1].len;

    reason = auth_token_jws_header(part[0], out);

    if (reason != NULL) {
        return reason;
    }

    if (auth_token_base64url_decode(part[1], &out->payload) != 0
        || auth_token_base64url_decode(part[2], &out->signature) != 0)
    {
        return "a part of the JWT is not base64url";
    }

    return NULL;
}


void
auth_token_jws_free(auth_token_jws_t *jws)
{
    auth_token_buf_free(&jws->payload);
    auth_token_buf_free(&jws->signature);
    auth_token_json_free(jws->header);

    jws->header = NULL;
}


/* three parts, none of them empty; five would be an encrypted one */

static int
auth_token_jws_split(auth_token_str_t text, auth_token_str_t *part)
{
    size_t  i, n;

    n = 0;
    part[0].data = text.data;
    part[0].len = 0;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] != '.') {
            part[n].len++;
            continue;
        }

        if (++n == 3) {
            return -1;
        }

        part[n].data = text.data + i + 1;
        part[n].len = 0;
    }

    return (n == 2 && part[0].len && part[1].len && part[2].len) ? 0 : -1;
}


static const char *
auth_token_jws_header(auth_token_str_t text, auth_token_jws_t *out)
{
    int                rc;
    const char        *reason;
    auth_token_buf_t   json;
    auth_token_str_t   name;

    auth_token_buf_init(&json, AUTH_TOKEN_JWS_MAX_HEADER);

    if (auth_token_base64url_decode(text, &json) == 0) {
        out->header = auth_token_json_parse(auth_token_buf_str(&json), 0,
                                            &reason);
    }

    auth_token_buf_free(&json);

    if (out->header == NULL) {
        return "the header of the JWT is not a JSON object";
    }

    /* RFC 7515, 4.1.11: there is none that we understand */

    if (auth_token_json_member_text(out->header, "/crit", &name) != 0) {
        return "the JWT has a critical header";
    }

    if (auth_token_json_member_text(out->header, "/alg", &name) != 1) {
        return "the JWT does not name its algorithm";
    }

    out->alg = auth_token_alg_find(name);

    if (out->alg == NULL) {
        return "the algorithm of the JWT is not allowed";
    }

    rc = auth_token_json_member_text(out->header, "/kid", &out->kid);
    out->has_kid = (rc == 1);

    if (rc == -1
        || auth_token_json_member_text(out->header, "/typ", &out->typ) == -1)
    {
        return "a member of the JWT's header is of a wrong type";
    }

    return NULL;
}
