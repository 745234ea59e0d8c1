/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What an issuer says beside its answers.  By the first byte, after a line
 * with the issuer: its metadata, a place of them, what its token endpoint
 * grants or refuses.  What is taken from it can be used.
 */


#include "auth_token_bearer.h"
#include "auth_token_grant.h"
#include "auth_token_issuer.h"
#include "fuzz.h"


#define KNOWN  "/.well-known/"


static void
check_metadata(const auth_token_json_t *root, auth_token_str_t issuer)
{
    const char           *reason;
    auth_token_str_t      name;
    auth_token_issuer_t   out;

    reason = auth_token_issuer_read(root, issuer, &out);

    if (auth_token_json_member_text(root, "/issuer", &name) != 1
        || !auth_token_str_eq(&name, &issuer))
    {
        /* without a name an empty one is what it says */
        must(reason != NULL || issuer.len == 0);
    }

    if (reason != NULL) {
        return;
    }

    must(out.introspection.len != 0);
    must(auth_token_json_member_text(root, "/introspection_endpoint", &name)
         == 1);
    must(auth_token_str_eq(&name, &out.introspection));

    if (out.keys.len != 0) {
        must(auth_token_json_member_text(root, "/jwks_uri", &name) == 1);
        must(auth_token_str_eq(&name, &out.keys));
    }

    if (out.token.len != 0) {
        must(auth_token_json_member_text(root, "/token_endpoint", &name) == 1);
        must(auth_token_str_eq(&name, &out.token));
    }
}


/* all of the issuer but a slash at its end, and the known part once in it */

static void
check_place(auth_token_str_t issuer, unsigned n)
{
    int               rc;
    size_t            i;
    auth_token_buf_t  url;

    auth_token_buf_init(&url, 8192);

    rc = auth_token_issuer_place(issuer, n, &url);

    if (issuer.len != 0 && issuer.data[issuer.len - 1] == '/') {
        issuer.len--;
    }

    if (rc == 0) {
        must(n < 3);
        must(url.len > issuer.len + sizeof(KNOWN) - 1);

        for (i = 0; i < issuer.len && url.data[i] == issuer.data[i]; i++) {
            /* void */
        }

        while (memcmp(url.data + i, KNOWN, sizeof(KNOWN) - 1) != 0) {
            must(i != 0);
            i--;
        }

        must(issuer.len == i
             || memcmp(url.data + url.len - (issuer.len - i), issuer.data + i,
                       issuer.len - i)
                == 0);
    }

    auth_token_buf_free(&url);
}


static void
check_grant(const auth_token_json_t *root)
{
    auth_token_grant_t  grant;

    if (auth_token_grant_read(root, &grant) != NULL) {
        return;
    }

    must(grant.token.len != 0
         && grant.token.len <= AUTH_TOKEN_GRANT_MAX_TOKEN);
    must(auth_token_bearer_is_b64token(grant.token.data, grant.token.len));
    must(grant.seconds == -1 || grant.seconds > 0);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned            which;
    const char         *reason;
    auth_token_str_t    issuer, text;
    auth_token_json_t  *root;

    which = fuzz_byte(&data, &size);
    issuer = fuzz_line(&data, &size);
    text = fuzz_exact(data, size);

    root = auth_token_json_parse(text, 0, &reason);

    switch (which % 4) {

    case 0:
        check_metadata(root, issuer);
        break;

    case 1:
        check_place(issuer, which / 4 % 4);
        break;

    case 2:
        check_grant(root);
        break;

    default:
        must(auth_token_grant_refusal(root) != NULL);
    }

    auth_token_json_free(root);

    fuzz_done();

    return 0;
}
