/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Authorization value to token slice.  The scheme is the leading run of token
 * characters, so that "BearerX y" is another scheme while "Bearer:x" is a
 * broken attempt at this one.
 */


#include "auth_token_bearer.h"


#define AUTH_TOKEN_BEARER_TCHAR   1    /* RFC 7230, 3.2.6 */
#define AUTH_TOKEN_BEARER_B64     2    /* RFC 6750, 2.1, without "=" */

#define AUTH_TOKEN_BEARER_SCHEME  (sizeof("Bearer") - 1)


static int auth_token_bearer_is_scheme(const unsigned char *data);


static const unsigned char  auth_token_bearer_class[256] = {
    0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,

    /*  ! " # $ % & '   ( ) * + , - . /   0-7   8 9 : ; < = > ?  */
    0, 1, 0, 1, 1, 1, 1, 1,  0, 0, 1, 3, 0, 3, 3, 2,
    3, 3, 3, 3, 3, 3, 3, 3,  3, 3, 0, 0, 0, 0, 0, 0,

    /*  @ A-G   H-O   P-W   X Y Z [ \ ] ^ _  */
    0, 3, 3, 3, 3, 3, 3, 3,  3, 3, 3, 3, 3, 3, 3, 3,
    3, 3, 3, 3, 3, 3, 3, 3,  3, 3, 3, 0, 0, 0, 1, 3,

    /*  ` a-g   h-o   p-w   x y z { | } ~ DEL  */
    1, 3, 3, 3, 3, 3, 3, 3,  3, 3, 3, 3, 3, 3, 3, 3,
    3, 3, 3, 3, 3, 3, 3, 3,  3, 3, 3, 0, 1, 0, 3, 0,

    /* 0x80 - 0xff are in no class */
};


auth_token_bearer_e
auth_token_bearer_parse(const unsigned char *data, size_t len,
    auth_token_str_t *token)
{
    size_t  i;

    token->len = 0;
    token->data = NULL;

    for (i = 0; i < len; i++) {
        if (!(auth_token_bearer_class[data[i]] & AUTH_TOKEN_BEARER_TCHAR)) {
            break;
        }
    }

    if (i != AUTH_TOKEN_BEARER_SCHEME || !auth_token_bearer_is_scheme(data)) {
        return AUTH_TOKEN_BEARER_MISSING;
    }

    while (i < len && data[i] == ' ') {
        i++;
    }

    if (i == AUTH_TOKEN_BEARER_SCHEME
        || !auth_token_bearer_is_b64token(data + i, len - i))
    {
        return AUTH_TOKEN_BEARER_MALFORMED;
    }

    token->len = len - i;
    token->data = (unsigned char *) data + i;

    return AUTH_TOKEN_BEARER_OK;
}


int
auth_token_bearer_is_b64token(const unsigned char *data, size_t len)
{
    size_t  i;

    /* by four: a token is the longest part of what is read per request */

    for (i = 0; len - i >= 4; i += 4) {
        if (!(auth_token_bearer_class[data[i]]
              & auth_token_bearer_class[data[i + 1]]
              & auth_token_bearer_class[data[i + 2]]
              & auth_token_bearer_class[data[i + 3]]
              & AUTH_TOKEN_BEARER_B64))
        {
            break;
        }
    }

    for ( /* void */ ; i < len; i++) {
        if (!(auth_token_bearer_class[data[i]] & AUTH_TOKEN_BEARER_B64)) {
            break;
        }
    }

    if (i == 0) {
        return 0;
    }

    while (i < len && data[i] == '=') {
        i++;
    }

    return i == len;
}


static int
auth_token_bearer_is_scheme(const unsigned char *data)
{
    size_t  i;

    static const unsigned char  scheme[] = "bearer";

    /* a token character equals a letter under 0x20 only as its upper case */

    for (i = 0; i < AUTH_TOKEN_BEARER_SCHEME; i++) {
        if ((data[i] | 0x20) != scheme[i]) {
            return 0;
        }
    }

    return 1;
}
