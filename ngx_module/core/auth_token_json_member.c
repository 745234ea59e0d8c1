/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Members by pointers that the sources name themselves.
 */


#include "auth_token_json.h"


const auth_token_json_t *
auth_token_json_member(const auth_token_json_t *root, const char *pointer)
{
    auth_token_str_t          name;
    const auth_token_json_t  *v;

    v = NULL;

    if (root != NULL) {
        name.len = strlen(pointer);
        name.data = (unsigned char *) pointer;

        (void) auth_token_json_find(root, name, &v);
    }

    return v;
}


int
auth_token_json_member_text(const auth_token_json_t *root,
    const char *pointer, auth_token_str_t *out)
{
    const auth_token_json_t  *v;

    /* what has no members by name has not left one out */

    if (auth_token_json_type(root) != AUTH_TOKEN_DOC_OBJECT) {
        return -1;
    }

    v = auth_token_json_member(root, pointer);

    if (v == NULL) {
        return 0;
    }

    if (auth_token_json_type(v) != AUTH_TOKEN_DOC_STRING) {
        return -1;
    }

    *out = auth_token_json_string(v);

    return 1;
}
