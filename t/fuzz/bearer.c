/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The value of an Authorization field.
 */


#include <ctype.h>

#include "auth_token_bearer.h"
#include "fuzz.h"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t               i;
    auth_token_str_t     token;
    auth_token_bearer_e  rc;

    rc = auth_token_bearer_parse(data, size, &token);

    if (rc != AUTH_TOKEN_BEARER_OK) {
        must(token.len == 0);
        (void) auth_token_bearer_is_b64token(data, size);

        return 0;
    }

    must(token.len != 0);
    must(token.data + token.len == data + size);
    must(token.data - data > 6);
    must(auth_token_bearer_is_b64token(token.data, token.len));

    for (i = 6; data + i < token.data; i++) {
        must(data[i] == ' ');
    }

    /* the grammar once more, in another way */

    for (i = token.len; i > 0 && token.data[i - 1] == '='; i--) { /* void */ }

    must(i != 0);

    while (i-- > 0) {
        must(isalnum(token.data[i])
             || memchr("-._~+/", token.data[i], 6) != NULL);
    }

    return 0;
}
