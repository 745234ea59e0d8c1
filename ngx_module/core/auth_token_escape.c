/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Escaping.  Everything but the unreserved characters is encoded in URLs and
 * forms: there is no list of dangerous ones that could be incomplete.
 */


#include "auth_token_escape.h"


static int auth_token_escape_char(unsigned char c, auth_token_place_e place,
    auth_token_buf_t *out);
static int auth_token_escape_code(unsigned char c, const char *prefix,
    auth_token_buf_t *out);


int
auth_token_escape(auth_token_str_t value, auth_token_place_e place,
    auth_token_buf_t *out)
{
    size_t  i, n;

    for (i = 0; i < value.len; i += n) {

        /* a token stands for itself nearly everywhere, and all at once */

        for (n = 0;
             i + n < value.len
             && auth_token_escape_is_unreserved(value.data[i + n]);
             n++) { /* void */ }

        if (n != 0) {
            if (auth_token_buf_add(out, value.data + i, n) != 0) {
                return -1;
            }

            continue;
        }

        if (auth_token_escape_char(value.data[i], place, out) != 0) {
            return -1;
        }

        n = 1;
    }

    return 0;
}


int
auth_token_escape_is_unreserved(unsigned char c)
{
    return (c >= '0' && c <= '9')
           || (c >= 'A' && c <= 'Z')
           || (c >= 'a' && c <= 'z')
           || c == '-' || c == '.' || c == '_' || c == '~';
}


int
auth_token_escape_is_hex(unsigned char c)
{
    return (c >= '0' && c <= '9')
           || (c >= 'A' && c <= 'F')
           || (c >= 'a' && c <= 'f');
}


/* of a byte that is reserved */

static int
auth_token_escape_char(unsigned char c, auth_token_place_e place,
    auth_token_buf_t *out)
{
    switch (place) {

    case AUTH_TOKEN_PLACE_JSON:
        if (c < 0x20 || c == '"' || c == '\\') {
            return auth_token_escape_code(c, "\\u00", out);
        }

        break;

    case AUTH_TOKEN_PLACE_HEADER:
        if (c < 0x20 || c > 0x7e) {
            return -1;
        }

        break;

    default: /* AUTH_TOKEN_PLACE_PATH, _QUERY, _FORM */
        if (c != ' ' || place != AUTH_TOKEN_PLACE_FORM) {
            return auth_token_escape_code(c, "%", out);
        }

        c = '+';
    }

    return auth_token_buf_addc(out, c);
}


static int
auth_token_escape_code(unsigned char c, const char *prefix,
    auth_token_buf_t *out)
{
    unsigned char  code[2];

    static const unsigned char  digits[] = "0123456789ABCDEF";

    code[0] = digits[c >> 4];
    code[1] = digits[c & 0x0f];

    if (auth_token_buf_adds(out, prefix) != 0) {
        return -1;
    }

    return auth_token_buf_add(out, code, sizeof(code));
}
